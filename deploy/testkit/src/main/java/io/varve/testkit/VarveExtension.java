package io.varve.testkit;

import io.varve.client.VarveClient;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Gives tests an {@link EmbeddedVarve}, a {@link VarveClient} and a {@link Specification} as
 * parameters: of test methods, {@code @BeforeEach}, {@code @AfterEach} and constructors, and with
 * one node per class also of {@code @BeforeAll} and {@code @AfterAll}.
 *
 * <p>A node is started when first asked for and closed after the test or the class it belongs to,
 * its client with it; the one of a test is closed while the next test runs. One belongs to a
 * top-level test class, its {@code @Nested} classes included; to one test with {@link
 * VarveTest#freshLogPerTest}, and where the test method takes a {@link Specification}. Tests that
 * run in parallel may share a node.
 *
 * <p>Used through {@link VarveTest}, or registered by {@code @ExtendWith}, which means one node per
 * class. Needs JUnit Jupiter 5.13 or newer.
 */
public final class VarveExtension implements ParameterResolver {

  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(VarveExtension.class);

  private static final Map<Class<?>, Function<EmbeddedVarve, Object>> PARAMETERS =
      Map.of(
          EmbeddedVarve.class,
          varve -> varve,
          VarveClient.class,
          EmbeddedVarve::client,
          Specification.class,
          varve -> Specification.with(varve.client()));

  /** For JUnit. */
  public VarveExtension() {}

  /** Constructors of test classes belong to their test where there is one instance per test. */
  @Override
  public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
    return ExtensionContextScope.TEST_METHOD;
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return PARAMETERS.containsKey(parameter.getParameter().getType());
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return PARAMETERS.get(type).apply(node(context, type));
  }

  private static EmbeddedVarve node(ExtensionContext context, Class<?> type) {
    boolean asked =
        context
            .getTestClass()
            .flatMap(VarveExtension::annotation)
            .map(VarveTest::freshLogPerTest)
            .orElse(false);
    boolean fresh = asked || context.getTestMethod().filter(VarveExtension::specifies).isPresent();
    if (asked && context.getTestMethod().isEmpty()) {
      throw new ParameterResolutionException(
          context.getRequiredTestClass().getName()
              + " asks for a fresh log per test, so there is no "
              + type.getSimpleName()
              + " for the whole class: take it as a parameter of the test or of @BeforeEach");
    }
    if (type == Specification.class && !fresh) {
      throw new ParameterResolutionException(
          "a Specification needs a log of its own: take it as a parameter of the test method, or"
              + " annotate "
              + context.getRequiredTestClass().getName()
              + " with @VarveTest(freshLogPerTest = true)");
    }
    // JUnit closes what lies in a context's store with the context. A store also shows what lies in
    // those of the contexts around it: hence two keys.
    return fresh
        ? context
            .getStore(NAMESPACE)
            .getOrComputeIfAbsent("test", key -> new OfTest(closer(context)), OfTest.class)
            .varve
        : topLevel(context)
            .getStore(NAMESPACE)
            .getOrComputeIfAbsent("class", key -> EmbeddedVarve.start(), EmbeddedVarve.class);
  }

  private static Closer closer(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent("closer", key -> new Closer(), Closer.class);
  }

  /** A node that is closed while the next test runs. */
  private static final class OfTest implements AutoCloseable {
    private final Closer closer;
    private final EmbeddedVarve varve = EmbeddedVarve.start();

    OfTest(Closer closer) {
      this.closer = closer;
    }

    @Override
    public void close() {
      closer.closeSoon(varve);
    }
  }

  /** A test that takes a specification says all that has happened, so nothing else may have. */
  private static boolean specifies(Method test) {
    return List.of(test.getParameterTypes()).contains(Specification.class);
  }

  /** The context of the class that is nested in no other. */
  private static ExtensionContext topLevel(ExtensionContext context) {
    ExtensionContext found = context;
    for (Optional<ExtensionContext> next = Optional.of(context);
        next.isPresent();
        next = next.get().getParent()) {
      if (next.get().getTestClass().isPresent()) {
        found = next.get();
      }
    }
    return found;
  }

  /** A nested class is extended as the classes around it are. */
  private static Optional<VarveTest> annotation(Class<?> type) {
    for (Class<?> here = type; here != null; here = here.getEnclosingClass()) {
      Optional<VarveTest> found = AnnotationSupport.findAnnotation(here, VarveTest.class);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }
}
