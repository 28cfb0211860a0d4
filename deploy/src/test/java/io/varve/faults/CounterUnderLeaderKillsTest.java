package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.ProcessCluster.Leader;
import io.varve.faults.ProcessCluster.Options;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.RecordedEvent;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Optimistic writers against one counter, while the process that decides their order is killed. */
@Tag("faults")
class CounterUnderLeaderKillsTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int WRITERS = 64;
  private static final int EACH_AT_LEAST = Effort.of(20, 200);
  private static final int KILLS = Effort.of(2, 10);

  @RegisterExtension private final Clusters clusters = new Clusters();

  @Test
  void theFinalVersionIsTheNumberOfAcknowledgedIncrements() throws Exception {
    ProcessCluster cluster = clusters.create(Options.plain()).start();
    History history = new History();
    try (Caller caller = cluster.caller(history);
        Counting counting = new Counting(caller, "counter", WRITERS, EACH_AT_LEAST)) {
      counting.start();
      for (int kill = 1; kill <= KILLS; kill++) {
        long due = (long) WRITERS * EACH_AT_LEAST * kill / (KILLS + 1);
        Await.until(due + " increments", LIMIT, () -> counting.successes() >= due);
        Leader old = cluster.awaitLeader(LIMIT);
        assertThat(counting.running()).as("writers are at work when the leader is killed").isTrue();
        long before = System.nanoTime();
        old.node().kill();
        Leader successor = cluster.awaitLeaderAfter(old, LIMIT);
        assertThat(successor.node()).isNotEqualTo(old.node());
        long then = counting.successes();
        Await.until(
            "increments under the new leader",
            LIMIT,
            () -> counting.successes() > then || !counting.running());
        System.out.printf(
            "killed leader %s of term %d after %d increments; %s leads term %d, writes after %d ms%n",
            old.node(),
            old.term(),
            due,
            successor.node(),
            successor.term(),
            Duration.ofNanos(System.nanoTime() - before).toMillis());
        old.node().start();
      }
      counting.finish(LIMIT.multipliedBy(3));

      cluster.awaitReady();
      long version = caller.readSource("counter", LIMIT).getVersion();
      System.out.printf(
          "%d writers: version %d, %d acknowledged, %d conflicts, %d appends sent again%n",
          WRITERS,
          version,
          counting.successes(),
          counting.conflicts(),
          history.operations().stream().filter(History.Operation::everUnknown).count());
      assertThat(version)
          .isEqualTo(counting.successes())
          .isGreaterThanOrEqualTo((long) WRITERS * EACH_AT_LEAST);
      assertThat(counting.conflicts()).as("writers did contend").isPositive();

      for (NodeProcess node : cluster.nodes()) {
        List<RecordedEvent> log = cluster.connection(node).log(LIMIT);
        assertThat(HistoryChecker.check(history, log)).as("as %s reads it", node).isEmpty();
      }
      List<RecordedEvent> counter =
          cluster
              .connection(cluster.node(1))
              .read(ReadRequest.newBuilder().setSource("counter").build(), LIMIT);
      Map<String, Long> perWriter =
          counter.stream()
              .map(event -> event.getId().substring(0, event.getId().indexOf('-')))
              .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
      assertThat(perWriter)
          .hasSize(WRITERS)
          .allSatisfy((w, n) -> assertThat(n).isGreaterThanOrEqualTo(EACH_AT_LEAST));
    }
  }
}
