package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.NodeProcess.Termination;
import io.varve.faults.ProcessCluster.Options;
import io.varve.proto.v1.DescribeResponse;
import io.varve.proto.v1.RecordedEvent;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an operator does every day: stop the nodes, start them again, find everything. */
@Tag("faults")
@Tag("heavy")
class CleanStopTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
  private static final int APPENDS = 500;

  /** What a JVM ends with that has run its shutdown hooks after a SIGTERM, or exited by itself. */
  private static final List<Integer> ORDERLY = List.of(0, 143);

  @RegisterExtension private final Clusters clusters = new Clusters();

  private final History history = new History();

  @Test
  void nodesStopWhenAskedAndFindTheirDataAgain() throws Exception {
    ProcessCluster cluster = clusters.create(Options.plain()).start();
    DescribeResponse before = cluster.describe(cluster.node(1)).orElseThrow();
    assertThat(
            Burst.exchange(
                history, cluster.connection(cluster.node(1)), "first", APPENDS, 100, LIMIT))
        .allMatch(Attempt.Landed.class::isInstance);
    cluster.awaitEqualHeads();
    for (NodeProcess node : cluster.nodes()) {
      Termination termination = node.terminate();
      System.out.printf(
          "%s exited with %d after %d ms%n",
          node, termination.exitCode(), termination.took().toMillis());
      assertThat(termination.exitCode()).isIn(ORDERLY);
      assertThat(termination.took()).isLessThan(STOP_LIMIT);
    }
    DiskAudit.assertEqualChains(cluster, APPENDS);

    cluster.start();
    DescribeResponse after = cluster.describe(cluster.node(1)).orElseThrow();
    assertThat(after.getClusterId()).isEqualTo(before.getClusterId());
    assertThat(after.getLogIdentity()).isEqualTo(before.getLogIdentity());
    assertThat(
            Burst.exchange(
                history, cluster.connection(cluster.node(2)), "second", APPENDS, 100, LIMIT))
        .allMatch(Attempt.Landed.class::isInstance);
    for (NodeProcess node : cluster.nodes()) {
      List<RecordedEvent> log = cluster.connection(node).log(LIMIT);
      assertThat(log).hasSize(2 * APPENDS);
      assertThat(HistoryChecker.check(history, log)).as("as %s reads it", node).isEmpty();
    }
  }

  @Test
  void aNodeThatIsStoppedUnderLoadLosesNothing() throws Exception {
    ProcessCluster cluster = clusters.create(Options.plain()).start();
    try (Caller caller = cluster.caller(history);
        Load load =
            new Load(caller, 8, 200, new java.util.SplittableRandom(Effort.seed("clean stop")))) {
      for (NodeProcess node : cluster.nodes()) {
        load.awaitMore(200, LIMIT);
        Termination termination = node.terminate();
        assertThat(termination.exitCode()).isIn(ORDERLY);
        assertThat(termination.took()).isLessThan(STOP_LIMIT);
        load.awaitMore(50, LIMIT);
        node.start();
        cluster.awaitReady();
      }
      load.stop();
    }
    cluster.awaitEqualHeads();
    for (NodeProcess node : cluster.nodes()) {
      List<RecordedEvent> log = cluster.connection(node).log(LIMIT);
      assertThat(HistoryChecker.check(history, log)).as("as %s reads it", node).isEmpty();
    }
  }
}
