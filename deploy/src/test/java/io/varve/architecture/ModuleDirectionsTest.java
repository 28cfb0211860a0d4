package io.varve.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleNameEndingWith;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitCallTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.varve.statemachine.offender.ImpureCore;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Dependencies point one way (DESIGN 4): {@code proto ← statemachine ← node ← deploy} and {@code
 * proto ← client ← gateway-http ← deploy}. The core is deterministic, Ratis and RocksDB stay in
 * their rooms, and no gRPC type shows in the client's public signatures.
 */
class ModuleDirectionsTest {
  private static final String PROTO = "io.varve.proto..";
  private static final String CORE = "io.varve.statemachine..";
  private static final String CORE_RATIS = "io.varve.statemachine.ratis..";
  private static final String NODE = "io.varve.node..";
  private static final String NODE_CLUSTER = "io.varve.node.cluster..";
  private static final String CLIENT = "io.varve.client..";
  private static final String GATEWAY = "io.varve.gateway..";
  private static final String CLI = "io.varve.cli..";

  private static final String RATIS = "org.apache.ratis..";
  private static final String ROCKSDB = "org.rocksdb..";
  private static final String[] WIRE = {"io.grpc..", "io.netty.."};

  /** Nothing under these names may be called from the core: clocks, chance, environment, locale. */
  private static final Set<String> IMPURE_CALLS =
      Set.of(
          "java.lang.System.currentTimeMillis",
          "java.lang.System.nanoTime",
          "java.lang.System.getenv",
          "java.lang.System.getProperty",
          "java.lang.System.getProperties",
          "java.lang.System.identityHashCode",
          "java.lang.Integer.getInteger",
          "java.lang.Long.getLong",
          "java.lang.Boolean.getBoolean",
          "java.lang.Math.random",
          "java.util.UUID.randomUUID",
          "java.util.Collections.shuffle",
          "java.util.Locale.getDefault",
          "java.util.TimeZone.getDefault",
          "java.time.ZoneId.systemDefault",
          "java.nio.charset.Charset.defaultCharset");

  /** Nothing at all of these types may be used by the core. */
  private static final Set<String> IMPURE_TYPES =
      Set.of(
          "java.util.Random",
          "java.util.SplittableRandom",
          "java.util.concurrent.ThreadLocalRandom",
          "java.security.SecureRandom",
          "java.time.Clock",
          "java.util.Date",
          "java.util.Timer",
          "java.util.Calendar");

  private static JavaClasses production;

  @BeforeAll
  static void importProduction() {
    production =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.varve");
  }

  @TestFactory
  Stream<DynamicTest> productionKeepsEveryRule() {
    return rules().map(rule -> DynamicTest.dynamicTest(rule.getDescription(), () -> check(rule)));
  }

  @Test
  void everyModuleWasSeen() {
    for (String module :
        List.of(PROTO, CORE, CORE_RATIS, NODE, NODE_CLUSTER, CLIENT, GATEWAY, CLI)) {
      assertThat(production.that(resideInAPackage(module))).as(module).isNotEmpty();
    }
  }

  /** A checker that never convicted anybody proves nothing: these classes break the rules. */
  @Test
  void offendersAreConvicted() {
    JavaClasses offenders =
        new ClassFileImporter()
            .importPackages("io.varve.statemachine.offender", "io.varve.client.offender");

    assertThat(offences(CORE_IS_PURE, offenders))
        .contains(
            "java.lang.System.nanoTime",
            "java.time.Instant.now",
            "java.util.concurrent.ThreadLocalRandom",
            "java.util.Locale.getDefault",
            "java.lang.System.getenv",
            "java.lang.String.format",
            "java.lang.String.toLowerCase")
        .doesNotContain("ImpureCore.pure(");
    assertThat(offences(CORE_SEES_NO_RATIS, offenders)).contains("org.apache.ratis");
    assertThat(offences(CORE_SEES_NO_WIRE, offenders)).contains("io.grpc", "LogServiceGrpc");
    assertThat(offences(CORE_SEES_ONLY_PROTO, offenders)).contains("io.varve.node");
    assertThat(offences(CLIENT_SEES_NO_SERVER, offenders)).contains("org.rocksdb");
    assertThat(offences(CLIENT_SEES_ONLY_PROTO, offenders)).contains("io.varve.statemachine");
    assertThat(offences(CLIENT_HIDES_GRPC, offenders)).contains("io.grpc.Channel");
    assertThat(ImpureCore.class).isNotNull();
  }

  private static final ArchRule PROTO_SEES_NOTHING =
      noClasses()
          .that()
          .resideInAPackage(PROTO)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CORE, NODE, CLIENT, GATEWAY, CLI)
          .as("proto depends on no other module");

  private static final ArchRule CORE_SEES_ONLY_PROTO =
      noClasses()
          .that()
          .resideInAPackage(CORE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(NODE, CLIENT, GATEWAY, CLI)
          .as("statemachine depends on proto only");

  private static final ArchRule NODE_SEES_NO_CLIENT =
      noClasses()
          .that()
          .resideInAPackage(NODE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CLIENT, GATEWAY, CLI)
          .as("node depends on proto and statemachine only");

  private static final ArchRule CLIENT_SEES_ONLY_PROTO =
      noClasses()
          .that()
          .resideInAPackage(CLIENT)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CORE, NODE, GATEWAY, CLI)
          .as("client depends on proto only");

  private static final ArchRule GATEWAY_SEES_ONLY_CLIENT =
      noClasses()
          .that()
          .resideInAPackage(GATEWAY)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              CORE, NODE, PROTO, CLI, "io.varve.client.internal..", "io.varve.testkit..")
          .as("the gateway sees the client's public packages only");

  private static final ArchRule CORE_SEES_NO_RATIS =
      noClasses()
          .that(resideInAPackage(CORE).and(not(resideInAPackage(CORE_RATIS))))
          .should()
          .dependOnClassesThat()
          .resideInAPackage(RATIS)
          .as("within statemachine only the adapter knows Ratis");

  private static final ArchRule CORE_SEES_NO_WIRE =
      noClasses()
          .that()
          .resideInAPackage(CORE)
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(WIRE)
                  .or(resideInAPackage(PROTO).and(simpleNameEndingWith("Grpc"))))
          .as("statemachine knows neither gRPC nor Netty");

  private static final ArchRule NODE_KEEPS_RATIS_IN_ITS_ROOM =
      noClasses()
          .that(resideInAPackage(NODE).and(not(resideInAPackage(NODE_CLUSTER))))
          .should()
          .dependOnClassesThat()
          .resideInAPackage(RATIS)
          .as("within node only io.varve.node.cluster knows Ratis");

  private static final ArchRule NODE_SEES_NO_ROCKSDB =
      noClasses()
          .that()
          .resideInAnyPackage(NODE, CLI)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ROCKSDB)
          .as("only statemachine knows RocksDB");

  private static final ArchRule CLIENT_SEES_NO_SERVER =
      noClasses()
          .that()
          .resideInAnyPackage(CLIENT, GATEWAY)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(RATIS, ROCKSDB)
          .as("client and gateway know neither Ratis nor RocksDB");

  private static final ArchRule CLI_SEES_NO_RATIS =
      noClasses()
          .that()
          .resideInAPackage(CLI)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(RATIS)
          .as("the command line does not know Ratis");

  private static final ArchRule CORE_IS_PURE =
      classes()
          .that(resideInAPackage(CORE).and(not(resideInAPackage(CORE_RATIS))))
          .should(beDeterministic())
          .as("the core reads no clock, no random source, no locale and no environment");

  private static final ArchRule CLIENT_HIDES_GRPC =
      classes()
          .that(resideInAPackage(CLIENT).and(not(resideInAPackage("io.varve.client.internal.."))))
          .should(
              showNoTypeOf(
                  resideInAnyPackage(WIRE).or(resideInAnyPackage(PROTO, "com.google.protobuf.."))))
          .as("no gRPC and no Protocol Buffers type shows in the client's public signatures");

  private static Stream<ArchRule> rules() {
    return Stream.of(
        PROTO_SEES_NOTHING,
        CORE_SEES_ONLY_PROTO,
        NODE_SEES_NO_CLIENT,
        CLIENT_SEES_ONLY_PROTO,
        GATEWAY_SEES_ONLY_CLIENT,
        CORE_SEES_NO_RATIS,
        CORE_SEES_NO_WIRE,
        NODE_KEEPS_RATIS_IN_ITS_ROOM,
        NODE_SEES_NO_ROCKSDB,
        CLIENT_SEES_NO_SERVER,
        CLI_SEES_NO_RATIS,
        CORE_IS_PURE,
        CLIENT_HIDES_GRPC);
  }

  private static void check(ArchRule rule) {
    rule.check(production);
  }

  private static String offences(ArchRule rule, JavaClasses classes) {
    return String.join("\n", rule.evaluate(classes).getFailureReport().getDetails());
  }

  private static ArchCondition<JavaClass> beDeterministic() {
    return new ArchCondition<>("be deterministic") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        type.getCodeUnitCallsFromSelf().stream()
            .filter(call -> impure(call.getTarget()))
            .forEach(
                call -> events.add(SimpleConditionEvent.violated(type, call.getDescription())));
        type.getCodeUnitReferencesFromSelf().stream()
            .filter(reference -> impure(reference.getTarget()))
            .forEach(
                reference ->
                    events.add(SimpleConditionEvent.violated(type, reference.getDescription())));
      }
    };
  }

  private static boolean impure(CodeUnitCallTarget target) {
    return impure(
        target.getOwner().getFullName(), target.getName(), target.getRawParameterTypes().size());
  }

  private static boolean impure(
      com.tngtech.archunit.core.domain.AccessTarget.CodeUnitReferenceTarget target) {
    return impure(
        target.getOwner().getFullName(), target.getName(), target.getRawParameterTypes().size());
  }

  private static boolean impure(String owner, String name, int parameters) {
    if (IMPURE_TYPES.contains(owner) || IMPURE_CALLS.contains(owner + "." + name)) {
      return true;
    }
    // Instant.now(), LocalDate.now() and their kin read the clock.
    if (owner.startsWith("java.time.") && name.equals("now")) {
      return true;
    }
    // Without a locale these take the machine's.
    if (owner.equals("java.lang.String")) {
      return switch (name) {
        case "format" -> parameters == 2;
        case "formatted" -> true;
        case "toLowerCase", "toUpperCase" -> parameters == 0;
        default -> false;
      };
    }
    return false;
  }

  private static ArchCondition<JavaClass> showNoTypeOf(
      DescribedPredicate<? super JavaClass> hidden) {
    return new ArchCondition<>("show no type that " + hidden.getDescription()) {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        if (!shown(type)) {
          return;
        }
        Stream.concat(type.getRawInterfaces().stream(), type.getRawSuperclass().stream())
            .filter(hidden)
            .forEach(found -> add(events, type, "is a " + found.getFullName()));
        for (JavaCodeUnit unit : type.getCodeUnits()) {
          if (shown(unit.getModifiers())) {
            Stream.concat(unit.getAllInvolvedRawTypes().stream(), unit.getExceptionTypes().stream())
                .filter(hidden)
                .forEach(
                    found -> add(events, type, unit.getFullName() + " shows " + found.getName()));
          }
        }
        for (JavaField field : type.getFields()) {
          if (shown(field.getModifiers())) {
            field.getAllInvolvedRawTypes().stream()
                .filter(hidden)
                .forEach(
                    found -> add(events, type, field.getFullName() + " shows " + found.getName()));
          }
        }
      }

      private void add(ConditionEvents events, JavaClass type, String what) {
        events.add(SimpleConditionEvent.violated(type, type.getFullName() + ": " + what));
      }
    };
  }

  private static boolean shown(JavaClass type) {
    return shown(type.getModifiers())
        && type.getEnclosingClass().map(ModuleDirectionsTest::shown).orElse(true);
  }

  private static boolean shown(Set<JavaModifier> modifiers) {
    return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
  }
}
