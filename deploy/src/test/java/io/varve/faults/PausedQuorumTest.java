package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.History.Operation;
import io.varve.faults.ProcessCluster.Leader;
import io.varve.faults.ProcessCluster.Options;
import io.varve.proto.v1.RecordedEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A majority is paused with appends in flight for longer than Ratis remembers requests, then goes
 * on; everything is sent again. Whoever rests on Ratis's retry cache writes twice here.
 */
@Tag("faults")
class PausedQuorumTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int IN_FLIGHT = 300;

  /** The short run shortens Ratis's memory; the long one outlasts the real setting. */
  private static final Options OPTIONS =
      Effort.isLong() ? Options.plain() : Options.plain().with(NodeYaml.RETRY_CACHE_OF_TWO_SECONDS);

  private static final Duration PAUSE = Duration.ofSeconds(Effort.of(6, 90));

  @RegisterExtension private final Clusters clusters = new Clusters();

  private final History history = new History();

  private enum Paused {
    BOTH_FOLLOWERS,
    LEADER_AND_A_FOLLOWER
  }

  @ParameterizedTest
  @EnumSource
  void nothingLandsTwiceWhenAllIsSentAgain(Paused paused) throws Exception {
    ProcessCluster cluster = clusters.create(OPTIONS).start();
    Leader leader = cluster.awaitLeader(LIMIT);
    List<NodeProcess> followers = cluster.others(leader.node());
    List<NodeProcess> toPause =
        paused == Paused.BOTH_FOLLOWERS ? followers : List.of(leader.node(), followers.get(0));
    NodeProcess left = cluster.others(toPause.toArray(NodeProcess[]::new)).get(0);
    List<Operation> operations = new ArrayList<>();

    // Answered before the pause; in flight when it begins, at the leader and at the node that is
    // left; and sent when no majority is there any more.
    assertThat(
            Burst.exchange(
                history, cluster.connection(leader.node()), "answered", IN_FLIGHT, 40, LIMIT))
        .allMatch(Attempt.Landed.class::isInstance);
    operations.addAll(history.operations());
    List<Burst> bursts = new ArrayList<>();
    try (NodeConnection toLeader = new NodeConnection(leader.node().clientPort());
        NodeConnection toLeft = new NodeConnection(left.clientPort())) {
      toLeader.head(LIMIT);
      toLeft.head(LIMIT);
      bursts.add(Burst.send(history, toLeader, "at-the-leader", IN_FLIGHT, 0, PAUSE.plus(LIMIT)));
      bursts.add(Burst.send(history, toLeft, "at-the-left", IN_FLIGHT, 0, PAUSE.plus(LIMIT)));
      toPause.forEach(NodeProcess::pause);
      bursts.add(Burst.send(history, toLeft, "in-the-pause", IN_FLIGHT, 0, PAUSE.plus(LIMIT)));
      long unanswered = bursts.stream().mapToLong(Burst::unanswered).sum();
      assertThat(unanswered).as("appends in flight when the majority is paused").isPositive();
      long head = settledHead(cluster, left);
      Await.throughout(
          toPause + " to be paused, and nothing acknowledged",
          PAUSE,
          () ->
              toPause.stream().allMatch(node -> node.state().equals(Optional.of('T')))
                  && cluster.self(left).map(self -> self.getHead() == head).orElse(true),
          cluster::summary);
      // Again, now that nobody remembers them: the log may come to hold each of these twice.
      bursts.add(Burst.again(toLeft, operations.subList(0, IN_FLIGHT), PAUSE.plus(LIMIT)));
      bursts.add(Burst.again(toLeft, bursts.get(0).operations(), PAUSE.plus(LIMIT)));
      bursts.add(Burst.again(toLeft, bursts.get(1).operations(), PAUSE.plus(LIMIT)));
      toPause.forEach(NodeProcess::resume);
      bursts.subList(0, 3).forEach(burst -> operations.addAll(burst.operations()));

      // At once and at every node, while the first sendings may still be on their way.
      resendAll(cluster, operations);
      int answered = 0;
      for (Burst burst : bursts) {
        answered +=
            (int) burst.outcomes().stream().filter(Attempt.Landed.class::isInstance).count();
      }
      cluster.awaitReady();
      resendAll(cluster, operations);
      System.out.printf(
          "%s paused for %s, %d appends in flight, %d of %d sendings answered after all%n",
          toPause, PAUSE, unanswered, answered, bursts.size() * IN_FLIGHT);
    }
    cluster.awaitEqualHeads();
    for (NodeProcess node : cluster.nodes()) {
      List<RecordedEvent> log = cluster.connection(node).log(LIMIT);
      assertThat(log).as("each landed once").hasSize(operations.size());
      assertThat(HistoryChecker.check(history, log)).as("as %s reads it", node).isEmpty();
    }
  }

  /** The head when what was on its way to it has arrived: two looks see the same. */
  private static long settledHead(ProcessCluster cluster, NodeProcess node) {
    long[] seen = {-1};
    Await.until(
        node + " to have what is on its way",
        LIMIT,
        () -> {
          long before = seen[0];
          cluster.self(node).ifPresent(self -> seen[0] = self.getHead());
          return seen[0] >= 0 && seen[0] == before;
        });
    return seen[0];
  }

  private void resendAll(ProcessCluster cluster, List<Operation> operations) throws Exception {
    try (Caller caller = cluster.caller(history)) {
      List<Callable<Attempt>> sendings = new ArrayList<>();
      for (Operation operation : operations) {
        sendings.add(() -> caller.settle(operation, LIMIT));
      }
      assertThat(Parallel.all(32, sendings)).allMatch(Attempt.Landed.class::isInstance);
    }
  }
}
