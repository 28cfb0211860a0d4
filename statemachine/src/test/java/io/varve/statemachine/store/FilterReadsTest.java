package io.varve.statemachine.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.proto.v1.Append;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoreOptions;
import io.varve.statemachine.StoredEvent;
import io.varve.statemachine.TestLog;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What reading by a filter looks at: entries of the indexes and the events that match. */
class FilterReadsTest {

  private static final int EVENTS = 20_000;

  /** Two alternatives, of 20 events each; the second ands labels of 40 events and of all. */
  private static final Filter FILTER =
      Filter.newBuilder()
          .addAnyOf(FilterItem.newBuilder().addTags("t:7"))
          .addAnyOf(FilterItem.newBuilder().setSource("s-3").addTypes("T").addTags("t:503"))
          .build();

  private static final int MATCHES = 40;

  @TempDir private Path directory;

  private static NewEvent event(int i) {
    return NewEvent.newBuilder()
        .setSource("s-" + i % 500)
        .setType("T")
        .addTags("t:" + i % 1_000)
        .build();
  }

  /** How many entries of the store a walk looks at. */
  private static long touched(
      LogStore store, int expected, Function<CommittedLog, EventCursor> open) {
    long before = store.entriesRead();
    List<Long> positions = new ArrayList<>();
    try (EventCursor cursor = open.apply(new CommittedLog(store))) {
      for (Optional<StoredEvent> next = cursor.next();
          next.isPresent() && positions.size() < expected;
          next = cursor.next()) {
        positions.add(next.get().position());
      }
    }
    assertThat(positions).hasSize(expected);
    return store.entriesRead() - before;
  }

  @Test
  void aFilterIsAnsweredFromTheIndexesNeverByScanningTheLog() {
    try (TestLog log = TestLog.founded(directory)) {
      for (int i = 0; i < EVENTS; ) {
        Append.Builder append = Append.newBuilder();
        for (int j = 0; j < 1_000; j++) {
          append.addEvents(event(i++));
        }
        log.append(append.build());
      }
    }
    try (LogStore store = LogStore.open(directory, StoreOptions.defaults())) {
      long whole = touched(store, EVENTS, log -> log.log(1, Direction.FORWARD, EVENTS));
      assertThat(whole).as("the count counts").isGreaterThanOrEqualTo(EVENTS);

      long forward =
          touched(store, MATCHES, log -> log.filter(FILTER, 1, Direction.FORWARD, EVENTS));
      long backward =
          touched(store, MATCHES, log -> log.filter(FILTER, EVENTS, Direction.BACKWARD, EVENTS));
      long newest =
          touched(store, 3, log -> log.filter(FILTER, EVENTS, Direction.BACKWARD, EVENTS));
      // A few looks into each of four lists for a match, and the match itself.
      assertThat(forward).isLessThan(MATCHES * 20);
      assertThat(backward).isLessThan(MATCHES * 20);
      assertThat(newest).isLessThan(120);
    }
  }
}
