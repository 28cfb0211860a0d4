package io.varve.statemachine.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.v1.Append;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Appended;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * How long a store with 1,000,000 events, each an append with an id, takes to open, its memory of
 * append ids rebuilt; and that retries right after are answered from that memory.
 */
class RestartBench {

  private static final int EVENTS = 1_000_000;
  private static final int ROUNDS = 5;

  /** What is left of the five seconds in which a node must be ready. */
  private static final double MOST_SECONDS = 2;

  @Test
  void aMillionEventsOpenSoonWithTheirAppendIdsRemembered() {
    try (StoredLog log = new StoredLog(EVENTS)) {
      List<Double> seconds = new ArrayList<>();
      for (int round = 0; round < ROUNDS; round++) {
        seconds.add(log.reopen() / 1e9);
        for (long position : new long[] {1, 2, EVENTS / 2, EVENTS - 1, EVENTS}) {
          assertReplayed(log, position);
        }
      }
      System.out.println("opening, in seconds: " + seconds);
      assertThat(seconds).allSatisfy(opening -> assertThat(opening).isLessThan(MOST_SECONDS));
    }
  }

  private static void assertReplayed(StoredLog log, long position) {
    Append again =
        StoredLog.withId(position, Append.newBuilder().addEvents(StoredLog.event(position)));
    Outcome outcome = log.apply(AppendBatch.newBuilder().addAppends(again)).get(0);
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Appended.class,
            appended -> {
              assertThat(appended.replayed()).isTrue();
              assertThat(appended.firstPosition()).isEqualTo(position);
            });
    assertThat(log.head()).isEqualTo(EVENTS);
  }
}
