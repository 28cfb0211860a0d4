package io.varve.statemachine.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.StoreOptions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What only shows in histories longer than the properties' own: kept chain hashes, and rows of
 * forgotten appends being trimmed from the store.
 */
class LongHistoryTest {

  private static final int ENTRIES = 40;
  private static final int APPENDS = 40;
  private static final int EVENTS = 50;

  /** Smaller than the log, larger than an entry. */
  private static final int WINDOW = 5_000;

  @Test
  void replicasStayEqualAndForgottenAppendsAreTrimmed() {
    StoreOptions options = StoreOptions.defaults();
    try (Scratch scratch = new Scratch();
        CoreReplica steady = new CoreReplica(scratch, options);
        CoreReplica restarting =
            new CoreReplica(scratch, options.withCachedLabels(2).withCachedSources(2))) {
      Command founding = Notation.founding(Notation.words("founding window=" + WINDOW));
      steady.apply(1, 0, founding.toByteString());
      restarting.apply(1, 0, founding.toByteString());

      for (int entry = 1; entry <= ENTRIES; entry++) {
        List<Outcome> outcomes = steady.apply(1, entry, entry(entry).toByteString());
        assertThat(outcomes).allMatch(Appended.class::isInstance).hasSize(APPENDS);
        assertThat(restarting.apply(1, entry, entry(entry).toByteString())).isEqualTo(outcomes);
        if (entry % 7 == 0) {
          restarting.restart();
        }
        if (entry % 13 == 0) {
          restarting.takeSnapshot();
          restarting.install(restarting);
        }
      }

      long head = (long) ENTRIES * APPENDS * EVENTS;
      assertThat(steady.reader().head()).isEqualTo(head);
      Object state = steady.state(true);
      assertThat(restarting.state(true)).isEqualTo(state);
      assertThat(keptChainHashes(steady)).isEqualTo(head / 1_024);
      assertThat(rows(steady, "appends")).isLessThan(ENTRIES * APPENDS);

      assertRetries(steady, head);
      restarting.restart();
      assertRetries(restarting, head);
    }
  }

  /**
   * The newest and the oldest remembered append, and two that are forgotten, one of them trimmed.
   */
  private static void assertRetries(CoreReplica replica, long head) {
    int last = ENTRIES * APPENDS - 1;
    int firstRemembered = (int) ((head - WINDOW) / EVENTS); // Begins at head − N + 1.
    AppendBatch.Builder retries = AppendBatch.newBuilder().setRecordedMicros(1);
    for (int n : new int[] {last, firstRemembered, firstRemembered - 1, 0}) {
      retries.addAppends(append(n));
    }

    List<Outcome> outcomes =
        replica.apply(1, replica.appliedIndex() + 1, Planner.command(retries).toByteString());

    assertThat(outcomes.subList(0, 2))
        .allSatisfy(
            outcome ->
                assertThat(outcome)
                    .isInstanceOfSatisfying(
                        Appended.class, appended -> assertThat(appended.replayed()).isTrue()));
    assertThat(outcomes.subList(2, 4))
        .allSatisfy(
            outcome ->
                assertThat(outcome)
                    .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(Refusal.FATE_UNKNOWN)));
    assertThat(replica.reader().head()).isEqualTo(head);
  }

  private static long keptChainHashes(CoreReplica replica) {
    return rows(replica, "meta") - 3L; // Format, state, settings.
  }

  private static int rows(CoreReplica replica, String column) {
    Map<String, Map<String, String>> dump = StoreDump.of(replica.checkpoint());
    return dump.getOrDefault(column, Map.of()).size();
  }

  private static Command entry(int entry) {
    AppendBatch.Builder batch =
        AppendBatch.newBuilder().setRecordedMicros(1_000L * entry).setSaltSeed(Planner.id(entry));
    for (int i = 0; i < APPENDS; i++) {
      batch.addAppends(append((entry - 1) * APPENDS + i));
    }
    return Planner.command(batch);
  }

  private static Append append(int n) {
    Append.Builder append =
        Notation.append(Notation.words("append id=" + n + " known=" + (long) n * EVENTS));
    for (int i = 0; i < EVENTS; i++) {
      append.addEvents(
          NewEvent.newBuilder()
              .setSource("source-" + (n + i) % 11)
              .setType("Happened")
              .addTags("n:" + n % 50));
    }
    return append.build();
  }
}
