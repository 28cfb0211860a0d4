package io.varve.statemachine;

import static io.varve.statemachine.LogReader.Direction.BACKWARD;
import static io.varve.statemachine.LogReader.Direction.FORWARD;
import static io.varve.statemachine.TestLog.append;
import static io.varve.statemachine.TestLog.event;
import static io.varve.statemachine.TestLog.filter;
import static io.varve.statemachine.TestLog.positions;
import static io.varve.statemachine.TestLog.tags;
import static io.varve.statemachine.TestLog.types;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.statemachine.LogReader.Direction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CursorsTest {

  @TempDir private Path directory;

  @Test
  void visitWhatLookingAtEveryEventFinds() {
    RandomCommands random = new RandomCommands(3);
    try (TestLog log = TestLog.founded(directory)) {
      while (log.reader().head() < 300) {
        log.append(random.entry(log.reader().head()));
        if (log.reader().head() % 7 == 0) {
          log.reopen(); // So that some of it is read from files.
        }
      }
      LogReader reader = log.reader();
      List<StoredEvent> all = TestLog.events(reader.log(1, FORWARD));
      assertThat(all).hasSize((int) reader.head());
      for (int i = 0; i < 400; i++) {
        long from = random.nextInt(-1, 310);
        Direction direction = i % 2 == 0 ? FORWARD : BACKWARD;
        Filter filter = filter(random.item(), random.item());
        String source = "s" + random.nextInt(0, 8);
        long version = random.nextInt(-1, 60);

        assertThat(positions(reader.log(from, direction)))
            .isEqualTo(expected(all, direction, e -> isPast(e.position(), from, direction)));
        assertThat(positions(reader.filter(filter, from, direction)))
            .as("%s from %d of %s", direction, from, filter)
            .isEqualTo(
                expected(
                    all,
                    direction,
                    e ->
                        isPast(e.position(), from, direction)
                            && new FilterMatcher(filter).matches(e)));
        assertThat(positions(reader.source(source, version, direction)))
            .isEqualTo(
                expected(
                    all,
                    direction,
                    e -> e.source().equals(source) && isPast(e.version(), version, direction)));
      }
    }
  }

  private static boolean isPast(long number, long from, Direction direction) {
    return direction == FORWARD ? number >= from : number <= from;
  }

  private static List<Long> expected(
      List<StoredEvent> all, Direction direction, Predicate<StoredEvent> wanted) {
    List<Long> positions =
        new ArrayList<>(all.stream().filter(wanted).map(StoredEvent::position).toList());
    if (direction == BACKWARD) {
      Collections.reverse(positions);
    }
    return positions;
  }

  @Test
  void keepToTheHeadTheyWereOpenedAt() {
    try (TestLog log = TestLog.founded(directory)) {
      log.append(append(event("a", "T", "x"), event("b", "T", "x")));
      List<EventCursor> cursors =
          List.of(
              log.reader().log(1, FORWARD),
              log.reader().source("a", 1, FORWARD),
              log.reader().filter(filter(tags("x")), 1, FORWARD),
              log.reader().filter(filter(TestLog.source("a")), 1, FORWARD));

      log.append(append(event("a", "T", "x")));
      log.append(append(event("a", "T", "x")));

      assertThat(cursors).allSatisfy(cursor -> assertThat(cursor.head()).isEqualTo(2));
      assertThat(cursors)
          .map(TestLog::positions)
          .containsExactly(List.of(1L, 2L), List.of(1L), List.of(1L, 2L), List.of(1L));
    }
  }

  @Test
  void stayEmptyAtTheEndAndRefuseToGoOnWhenClosed() {
    try (TestLog log = TestLog.founded(directory)) {
      EventCursor cursor = log.reader().log(1, FORWARD);
      assertThat(cursor.next()).isEmpty();
      log.append(append(event("a", "T")));
      assertThat(cursor.next()).isEmpty();

      cursor.close();
      cursor.close();

      assertThatThrownBy(cursor::next).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void refuseAFilterThatSelectsNothingInParticular() {
    try (TestLog log = TestLog.founded(directory)) {
      LogReader reader = log.reader();
      assertThatThrownBy(() -> reader.filter(Filter.getDefaultInstance(), 1, FORWARD))
          .isInstanceOf(IllegalArgumentException.class);
      Filter unnamed = filter(types("T"), FilterItem.getDefaultInstance());
      assertThatThrownBy(() -> reader.filter(unnamed, 1, FORWARD))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> new FilterMatcher(unnamed))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void outliveTheCoreTheyWereOpenedOn() {
    TestLog log = TestLog.founded(directory);
    log.append(append(event("a", "T", "x"), event("a", "T", "x")));
    LogReader reader = log.reader();
    EventCursor whole = reader.log(1, FORWARD);
    EventCursor filtered = reader.filter(filter(tags("x")), 2, BACKWARD);
    assertThat(whole.next()).isPresent();

    log.close();

    assertThatThrownBy(reader::head).isInstanceOf(LogClosedException.class);
    assertThatThrownBy(() -> reader.event(1)).isInstanceOf(LogClosedException.class);
    assertThatThrownBy(() -> reader.version("a")).isInstanceOf(LogClosedException.class);
    assertThatThrownBy(() -> reader.log(1, FORWARD)).isInstanceOf(LogClosedException.class);
    assertThat(positions(whole)).containsExactly(2L);
    assertThatThrownBy(() -> TestLog.open(directory))
        .as("the last cursor still holds the store")
        .isInstanceOf(StoreException.class);
    assertThat(positions(filtered)).containsExactly(2L, 1L);
    try (TestLog again = TestLog.open(directory)) {
      assertThat(again.reader().head()).isEqualTo(2);
    }
  }
}
