package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.LocalFirstChecker.Client;
import io.varve.faults.LocalFirstChecker.Landed;
import io.varve.faults.LocalFirstChecker.Written;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A checker that never convicted anybody proves nothing: it sees each thing that may be wrong. */
class LocalFirstCheckerTest {
  private final List<Landed> log =
      new ArrayList<>(
          List.of(
              new Landed(1, "a", "x", 1, "k1", "1"),
              new Landed(2, "b", "y", 1, "k1", "2"),
              new Landed(3, "a", "x", 2, "k2", "3"),
              new Landed(4, "b", "y", 2, "k2", "4")));
  private final Map<String, String> right = Map.of("k1", "2", "k2", "4");

  @Test
  void acquitsWhatIsRight() {
    assertThat(check(right)).isEmpty();
  }

  @Test
  void convictsAnEventThatLandedTwice() {
    log.add(new Landed(5, "a", "x", 2, "k2", "3"));
    assertThat(check(Map.of("k1", "2", "k2", "3"))).singleElement().asString().startsWith("twice:");
  }

  @Test
  void convictsAnOrderThatIsNotTheBuffers() {
    log.set(0, new Landed(1, "a", "x", 2, "k2", "3"));
    log.set(2, new Landed(3, "a", "x", 1, "k1", "1"));
    assertThat(check(right)).anyMatch(finding -> finding.startsWith("twice:"));
  }

  @Test
  void convictsAnEventThatIsNotThere() {
    log.remove(2);
    assertThat(check(right)).singleElement().asString().startsWith("missing:");
    log.remove(0);
    assertThat(check(right)).anyMatch(finding -> finding.startsWith("missing:"));
  }

  @Test
  void convictsWhatNobodyAppended() {
    log.add(new Landed(5, "c", "z", 1, "k3", "5"));
    assertThat(check(Map.of("k1", "2", "k2", "4", "k3", "5")))
        .singleElement()
        .asString()
        .startsWith("invented:");
  }

  @Test
  void convictsAnEventThatBecameAnother() {
    log.set(3, new Landed(4, "b", "y", 2, "k2", "9"));
    assertThat(check(Map.of("k1", "2", "k2", "9")))
        .singleElement()
        .asString()
        .startsWith("altered:");
  }

  @Test
  void convictsAStateThatIsNotTheMergedOne() {
    assertThat(check(Map.of("k1", "1", "k2", "4")))
        .hasSize(2)
        .allMatch(f -> f.startsWith("state:"));
    assertThat(check(Map.of("k1", "2"))).hasSize(2).allMatch(f -> f.startsWith("state:"));
  }

  @Test
  void knowsThatATombstoneRemovesItsKey() {
    log.add(new Landed(5, "a", "x", 3, "k2", ""));
    List<Written> written = List.of(new Written(1, "k1", "1"), new Written(2, "k2", "3"));
    List<Written> more = new ArrayList<>(written);
    more.add(new Written(3, "k2", ""));
    Client two =
        new Client(
            "two",
            "b",
            "y",
            List.of(new Written(1, "k1", "2"), new Written(2, "k2", "4")),
            Map.of("k1", "2"),
            List.of());
    Client one = new Client("one", "a", "x", more, Map.of("k1", "2"), List.of());
    assertThat(LocalFirstChecker.check(List.of(one, two), log)).isEmpty();
    one = new Client("one", "a", "x", more, right, List.of());
    assertThat(LocalFirstChecker.check(List.of(one, two), log))
        .singleElement()
        .asString()
        .startsWith("state: one");
  }

  @Test
  void convictsWhatCameBackAfterItHadBeenReplaced() {
    Client one =
        new Client(
            "one",
            "a",
            "x",
            List.of(new Written(1, "k1", "1"), new Written(2, "k2", "3")),
            right,
            List.of("k1 went back"));
    log.removeIf(event -> event.clientId().equals("b"));
    assertThat(LocalFirstChecker.check(List.of(one), log)).anyMatch(f -> f.startsWith("came back"));
  }

  private List<String> check(Map<String, String> state) {
    return LocalFirstChecker.check(
        List.of(
            new Client(
                "one",
                "a",
                "x",
                List.of(new Written(1, "k1", "1"), new Written(2, "k2", "3")),
                state,
                List.of()),
            new Client(
                "two",
                "b",
                "y",
                List.of(new Written(1, "k1", "2"), new Written(2, "k2", "4")),
                state,
                List.of())),
        log);
  }
}
