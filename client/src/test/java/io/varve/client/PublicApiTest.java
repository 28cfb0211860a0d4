package io.varve.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What callers can see: types of the JDK and of the public packages, and what callers hand in to
 * have JSON and metrics their way; nothing else.
 */
class PublicApiTest {

  private static final List<String> PACKAGES =
      List.of(
          "io.varve.client",
          "io.varve.client.aggregates",
          "io.varve.client.commands",
          "io.varve.client.json",
          "io.varve.client.localfirst",
          "io.varve.client.projections",
          "io.varve.client.serialization");

  private static boolean allowed(Class<?> type) {
    return type.isPrimitive()
        || type.getName().startsWith("java.")
        || type.getName().startsWith("javax.sql.")
        || type.getName().equals("com.fasterxml.jackson.databind.ObjectMapper")
        || type.getName().equals("com.fasterxml.jackson.core.JsonGenerator")
        || type.getName().equals("com.codahale.metrics.MetricRegistry")
        || PACKAGES.contains(type.getPackageName());
  }

  @Test
  void namesNoTypeOfGrpcProtobufOrTheInsides() throws Exception {
    Set<String> leaks = new TreeSet<>();
    List<Class<?>> types = publicTypes();
    assertThat(types)
        .contains(VarveClient.class, Event.class, AppendResult.Appended.class)
        .extracting(Class::getPackageName)
        .containsAll(PACKAGES);
    for (Class<?> type : types) {
      for (Type named : signatureTypes(type)) {
        for (Class<?> raw : rawTypes(named)) {
          if (!allowed(raw)) {
            leaks.add(type.getName() + " → " + raw.getName());
          }
        }
      }
    }
    assertThat(leaks).isEmpty();
  }

  @Test
  void theCheckItselfFindsLeaks() {
    assertThat(signatureTypes(Leaky.class))
        .anyMatch(type -> rawTypes(type).contains(io.grpc.Status.class));
    assertThat(allowed(io.grpc.Status.class)).isFalse();
  }

  /** What must be found. */
  @SuppressWarnings("unused")
  public interface Leaky {
    List<? extends Set<io.grpc.Status[]>> leak();
  }

  @Test
  void everyErrorHasItsCode() throws Exception {
    Set<ErrorCode> codes = new TreeSet<>();
    for (Class<?> type : publicTypes()) {
      if (VarveException.class.isAssignableFrom(type) && type != VarveException.class) {
        assertThat(type.getSimpleName()).endsWith("Exception");
        assertThat(Modifier.isFinal(type.getModifiers())).isTrue();
        codes.add(code(type));
      }
    }
    assertThat(codes).containsExactlyInAnyOrder(ErrorCode.values());
  }

  private static ErrorCode code(Class<?> type) throws ReflectiveOperationException {
    Constructor<?> constructor = type.getConstructors()[0];
    Object[] arguments =
        Arrays.stream(constructor.getParameterTypes())
            .map(
                parameter -> {
                  if (parameter == String.class) {
                    return "";
                  }
                  if (parameter == long.class) {
                    return 0L;
                  }
                  if (parameter == java.time.Duration.class) {
                    return java.time.Duration.ZERO;
                  }
                  if (parameter == java.util.Optional.class) {
                    return java.util.Optional.empty();
                  }
                  if (parameter == AppendResult.Conflict.class) {
                    return new AppendResult.Conflict(List.of());
                  }
                  return null;
                })
            .toArray();
    return ((VarveException) constructor.newInstance(arguments)).code();
  }

  private static List<Class<?>> publicTypes()
      throws IOException, URISyntaxException, ClassNotFoundException {
    Path classes =
        Path.of(VarveClient.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<Class<?>> types = new ArrayList<>();
    for (String of : PACKAGES) {
      try (Stream<Path> files = Files.list(classes.resolve(of.replace('.', '/')))) {
        for (Path file : files.sorted().toList()) {
          String name = file.getFileName().toString();
          if (name.endsWith(".class") && !name.equals("package-info.class")) {
            Class<?> type = Class.forName(of + "." + name.substring(0, name.length() - 6));
            if (isPublic(type)) {
              types.add(type);
            }
          }
        }
      }
    }
    return types;
  }

  private static boolean isPublic(Class<?> type) {
    return Modifier.isPublic(type.getModifiers())
        && (type.getEnclosingClass() == null || isPublic(type.getEnclosingClass()));
  }

  private static Set<Type> signatureTypes(Class<?> type) {
    Set<Type> types = new LinkedHashSet<>();
    if (type.getGenericSuperclass() != null) {
      types.add(type.getGenericSuperclass());
    }
    types.addAll(Arrays.asList(type.getGenericInterfaces()));
    for (Method method : type.getDeclaredMethods()) {
      if (visible(method.getModifiers()) && !method.isSynthetic()) {
        types.add(method.getGenericReturnType());
        types.addAll(Arrays.asList(method.getGenericParameterTypes()));
        types.addAll(Arrays.asList(method.getGenericExceptionTypes()));
      }
    }
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      if (visible(constructor.getModifiers())) {
        types.addAll(Arrays.asList(constructor.getGenericParameterTypes()));
      }
    }
    for (Field field : type.getDeclaredFields()) {
      if (visible(field.getModifiers())) {
        types.add(field.getGenericType());
      }
    }
    return types;
  }

  private static boolean visible(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private static Set<Class<?>> rawTypes(Type type) {
    Set<Class<?>> raw = new LinkedHashSet<>();
    collect(type, raw);
    return raw;
  }

  private static void collect(Type type, Set<Class<?>> into) {
    if (type instanceof Class<?> plain) {
      into.add(plain.isArray() ? plain.getComponentType() : plain);
    } else if (type instanceof ParameterizedType parameterized) {
      collect(parameterized.getRawType(), into);
      for (Type argument : parameterized.getActualTypeArguments()) {
        collect(argument, into);
      }
    } else if (type instanceof GenericArrayType array) {
      collect(array.getGenericComponentType(), into);
    } else if (type instanceof WildcardType wildcard) {
      for (Type bound : wildcard.getUpperBounds()) {
        collect(bound, into);
      }
      for (Type bound : wildcard.getLowerBounds()) {
        collect(bound, into);
      }
    } else if (type instanceof TypeVariable<?>) {
      into.add(Object.class);
    }
  }
}
