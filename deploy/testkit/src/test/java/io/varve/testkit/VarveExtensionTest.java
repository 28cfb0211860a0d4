package io.varve.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Runs test classes of its own: what the extension gives them, and what it leaves behind. */
class VarveExtensionTest {

  /** What the classes below saw. Each test here looks at a class of its own. */
  private static final List<EmbeddedVarve> SEEN = new ArrayList<>();

  private static final List<Long> HEADS = new ArrayList<>();

  @BeforeEach
  void forget() {
    SEEN.clear();
    HEADS.clear();
  }

  @Test
  void theTestsOfAClassShareANodeItsNestedClassesIncluded() {
    run(Sharing.class).testEvents().assertStatistics(stats -> stats.succeeded(3));

    assertThat(SEEN).hasSize(5).containsOnly(SEEN.get(0));
    assertThat(HEADS).containsExactly(1L, 2L, 3L);
    assertThat(SEEN.get(0).directory()).as("closed after the class").doesNotExist();
  }

  @Test
  void eachTestHasALogOfItsOwnWhereThatIsAsked() {
    run(Fresh.class).testEvents().assertStatistics(stats -> stats.succeeded(3));

    assertThat(HEADS).containsExactly(1L, 1L, 1L);
    assertThat(SEEN).hasSize(6);
    assertThat(SEEN.stream().distinct()).as("one for constructor and method").hasSize(3);
    assertThat(SEEN).allSatisfy(varve -> assertThat(varve.directory()).doesNotExist());
  }

  @Test
  void aFreshLogPerTestIsNotToBeHadForTheWholeClass() {
    assertThat(failures(run(FreshForAll.class)))
        .singleElement()
        .asString()
        .contains("FreshForAll asks for a fresh log per test")
        .contains("no VarveClient for the whole class")
        .contains("@BeforeEach");
  }

  @Test
  void registeredWithoutTheAnnotationItIsOneNodePerClass() {
    run(Registered.class).testEvents().assertStatistics(stats -> stats.succeeded(2));

    assertThat(HEADS).containsExactly(1L, 2L);
  }

  @Test
  void aTestThatTakesASpecificationHasALogOfItsOwn() {
    run(Specified.class).testEvents().assertStatistics(stats -> stats.succeeded(3));

    assertThat(HEADS).containsExactlyInAnyOrder(1L, 1L, 2L);
    assertThat(SEEN.stream().distinct()).hasSize(2);
  }

  @Test
  void aSpecificationIsNotToBeHadOnASharedLog() {
    assertThat(failures(run(SpecifiedTooEarly.class)))
        .singleElement()
        .asString()
        .contains("a Specification needs a log of its own")
        .contains("freshLogPerTest");
  }

  @Test
  void otherParametersAreNotItsBusiness() {
    assertThat(failures(run(Other.class)))
        .singleElement()
        .asString()
        .contains("No ParameterResolver registered");
  }

  private static EngineExecutionResults run(Class<?> type) {
    return EngineTestKit.engine("junit-jupiter").selectors(selectClass(type)).execute();
  }

  private static List<Throwable> failures(EngineExecutionResults results) {
    return results
        .allEvents()
        .executions()
        .failed()
        .map(execution -> execution.getTerminationInfo().getExecutionResult())
        .map(result -> result.getThrowable().orElseThrow())
        .toList();
  }

  private static void append(VarveClient client) {
    HEADS.add(client.append(NewEvent.builder("s", "Happened").build()).orThrow().lastPosition());
  }

  @VarveTest
  static class Sharing {
    @BeforeAll
    static void before(EmbeddedVarve varve) {
      SEEN.add(varve);
    }

    @AfterAll
    static void after(EmbeddedVarve varve) {
      SEEN.add(varve);
    }

    @Test
    void one(VarveClient client, EmbeddedVarve varve) {
      SEEN.add(varve);
      append(client);
    }

    @Test
    void two(VarveClient client) {
      append(client);
    }

    @Nested
    class Inner {
      Inner(EmbeddedVarve varve) {
        SEEN.add(varve);
      }

      @Test
      void three(VarveClient client, EmbeddedVarve varve) {
        SEEN.add(varve);
        append(client);
      }
    }
  }

  @VarveTest(freshLogPerTest = true)
  static class Fresh {
    Fresh(EmbeddedVarve varve) {
      SEEN.add(varve);
    }

    @Test
    void one(VarveClient client, EmbeddedVarve varve) {
      SEEN.add(varve);
      append(client);
    }

    @Test
    void two(EmbeddedVarve varve) {
      SEEN.add(varve);
      append(varve.client());
    }

    @Nested
    class Inner {
      @Test
      void three(VarveClient client, EmbeddedVarve varve) {
        SEEN.add(varve);
        append(client);
      }
    }
  }

  @VarveTest(freshLogPerTest = true)
  static class FreshForAll {
    @BeforeAll
    static void before(VarveClient client) {
      append(client);
    }

    @Test
    void one() {}
  }

  @ExtendWith(VarveExtension.class)
  static class Registered {
    @Test
    void one(VarveClient client) {
      append(client);
    }

    @Test
    void two(VarveClient client) {
      append(client);
    }
  }

  @VarveTest
  static class Specified {
    @BeforeAll
    static void before(EmbeddedVarve varve) {
      SEEN.add(varve);
    }

    @Test
    void one(VarveClient client) {
      append(client);
    }

    @Test
    void two(VarveClient client) {
      append(client);
    }

    @Test
    void three(Specification specification, VarveClient client, EmbeddedVarve varve) {
      SEEN.add(varve);
      append(client);
    }
  }

  @VarveTest
  static class SpecifiedTooEarly {
    @BeforeEach
    void before(Specification specification) {}

    @Test
    void one() {}
  }

  @VarveTest
  static class Other {
    @Test
    void one(StringBuilder other) {
      other.append("never called");
    }
  }
}
