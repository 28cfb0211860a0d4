package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.faults.History.Operation;
import io.varve.faults.ProcessCluster.Leader;
import io.varve.faults.ProcessCluster.Options;
import io.varve.proto.v1.Appended;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A node with a long log is soon of use again after it was killed, and remembers which appends it
 * has seen: nobody can append twice because a node had to build its memory anew.
 */
@Tag("faults")
@Tag("heavy")
class RestartTest {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final Duration READY_WITHIN = Duration.ofSeconds(5);
  private static final Duration PROBE = Duration.ofSeconds(1);
  private static final long STORED = Effort.of(100_000, 1_000_000);
  private static final int MARKED = 20;

  @RegisterExtension private final Clusters clusters = new Clusters();

  private final History history = new History();

  @Test
  void aKilledNodeIsSoonReadyAndRemembersItsAppends() throws Exception {
    ProcessCluster cluster =
        clusters.create(Options.untuned("-Xmx512m", "-XX:+UseParallelGC")).start();
    try (VarveClient client = DeviceLoad.client(cluster);
        Caller caller = cluster.caller(history)) {
      DeviceLoad load = new DeviceLoad(client);
      List<Operation> marked = new ArrayList<>();
      for (int i = 0; i < MARKED; i++) {
        load.fill(STORED / MARKED, 50);
        long known = cluster.connection(cluster.node(1)).head(LIMIT);
        marked.add(history.begin(Caller.append("marked-" + i, "marked-" + i % 3, known, 100)));
        landed(caller.settle(marked.get(i), LIMIT));
      }
      Leader leader = cluster.awaitLeader(LIMIT);
      NodeProcess follower = cluster.others(leader.node()).get(0);
      long head = cluster.awaitEqualHeads();
      assertThat(head).isEqualTo(load.acknowledgedEvents() + MARKED);

      restart(cluster, List.of(follower), "a follower", head);
      retry(caller, marked, follower);
      restart(cluster, List.of(leader.node()), "the leader", head);
      retry(caller, marked, leader.node());
      // Now whoever leads has only what it found on its disk.
      restart(cluster, cluster.nodes(), "all three", head);
      cluster.nodes().forEach(node -> retry(caller, marked, node));
      assertThat(cluster.awaitEqualHeads()).as("no retry appended anything").isEqualTo(head);
    }
  }

  private static void restart(
      ProcessCluster cluster, List<NodeProcess> nodes, String who, long head) {
    nodes.forEach(NodeProcess::kill);
    long began = System.nanoTime();
    nodes.forEach(NodeProcess::start);
    Await.until(
        who + " to be ready",
        LIMIT,
        () -> nodes.stream().allMatch(node -> AdminPort.ready(node, PROBE)),
        cluster::summary);
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    System.out.printf(
        "%,d events: %s killed and ready again %d ms after the start%n",
        head, who, took.toMillis());
    if (Effort.isLong() && nodes.size() == 1) {
      assertThat(took).as("%s is ready again", who).isLessThan(READY_WITHIN);
    }
  }

  /** Sends everything again to a node that has just become ready. */
  private static void retry(Caller caller, List<Operation> marked, NodeProcess node) {
    try (NodeConnection connection = new NodeConnection(node.clientPort())) {
      for (Operation operation : marked) {
        Appended original = original(operation);
        Appended again = landed(caller.send(operation, connection, LIMIT));
        assertThat(again)
            .as("the answer to %s, sent again to %s", operation, node)
            .isEqualTo(original.toBuilder().setReplayed(true).build());
      }
    }
  }

  private static Appended original(Operation operation) {
    return operation.answers().stream()
        .map(History.Answer::attempt)
        .filter(Attempt.Landed.class::isInstance)
        .map(RestartTest::landed)
        .filter(appended -> !appended.getReplayed())
        .findFirst()
        .orElseThrow(() -> new AssertionError(operation + " has no original answer"));
  }

  private static Appended landed(Attempt attempt) {
    assertThat(attempt).isInstanceOf(Attempt.Landed.class);
    return ((Attempt.Landed) attempt).appended();
  }
}
