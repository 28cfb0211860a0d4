package io.varve.client.projections;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Bytes;
import io.varve.client.Event;
import io.varve.client.projections.Database.Row;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The checker convicts each thing that may be wrong. */
class AppliedCheckerTest {

  private static final List<Event> LOG =
      List.of(event(1, "a", 1), event(2, "b", 1), event(3, "a", 2));
  private static final Row FIRST = new Row(1, "a", 1, 1);
  private static final Row SECOND = new Row(2, "b", 1, 2);
  private static final Row THIRD = new Row(3, "a", 2, 3);

  private static Event event(long position, String source, long version) {
    return new Event(
        position,
        source,
        version,
        "T",
        "",
        "",
        "",
        List.of(),
        "",
        false,
        Bytes.empty(),
        "",
        Bytes.empty(),
        Optional.empty(),
        Instant.EPOCH,
        "",
        "",
        "",
        0);
  }

  @Test
  void whatIsRightPasses() {
    assertThat(AppliedChecker.check(LOG, List.of(FIRST, SECOND, THIRD))).isEmpty();
    assertThat(AppliedChecker.check(LOG, List.of(SECOND, FIRST, THIRD))).isEmpty();
  }

  @Test
  void whatIsWrongIsFound() {
    assertThat(AppliedChecker.check(LOG, List.of(FIRST, THIRD)))
        .containsExactly("position 2 of b was left out");
    assertThat(AppliedChecker.check(LOG, List.of(FIRST, SECOND, THIRD, SECOND)))
        .anyMatch(wrong -> wrong.equals("position 2 was applied 2 times"));
    assertThat(AppliedChecker.check(LOG, List.of(THIRD, SECOND, FIRST)))
        .singleElement()
        .asString()
        .contains("after version 2");
    assertThat(AppliedChecker.check(LOG, List.of(FIRST, SECOND, THIRD, new Row(4, "c", 1, 9))))
        .containsExactly("position 9 was not to be applied");
  }
}
