package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.History.Operation;
import io.varve.faults.ProcessCluster.Leader;
import io.varve.faults.ProcessCluster.Options;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Appended;
import io.varve.proto.v1.RecordedEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Appends that landed and whose callers never heard of it, sent again under every condition. */
@Tag("faults")
class LostRepliesTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int LOST = 1_000;
  private static final int IN_ONE_GO = 100;
  private static final int SOURCES = 40;
  private static final int RETRIERS = 16;

  /** What an append of this test takes on the wire at least, so that nearly every round is cut. */
  private static final int LEAST_APPEND_BYTES = 100;

  @RegisterExtension private final Clusters clusters = new Clusters();

  private final History history = new History();

  @Test
  void everyRetryIsAnsweredWithTheOriginalAnswer() throws Exception {
    ProcessCluster cluster = clusters.create(Options.plain().with(NodeYaml.SLOW_ELECTIONS)).start();
    Leader leader = cluster.awaitLeader(LIMIT);
    NodeProcess follower = cluster.others(leader.node()).get(0);
    NodeProcess elsewhere = cluster.others(leader.node(), follower).get(0);

    List<Operation> lost = new ArrayList<>();
    for (NodeProcess node : List.of(leader.node(), follower)) {
      CuttingProxy proxy = cluster.proxy(node);
      LostReplies replies =
          new LostReplies(proxy, history, () -> cluster.connection(elsewhere).head(LIMIT));
      lost.addAll(replies.lose("lost-at-" + node, LOST / 2, IN_ONE_GO, SOURCES));
      System.out.printf(
          "%d replies lost at %s: %d bytes swallowed, %d connections cut%n",
          LOST / 2, node, proxy.swallowedBytes(), proxy.cutConnections());
    }
    assertThat(lost)
        .hasSize(LOST)
        .allMatch(Operation::everUnknown)
        .noneMatch(Operation::acknowledged);
    Map<String, Appended> originals = originals(cluster.connection(elsewhere).log(LIMIT));
    assertThat(originals).as("each landed once").hasSize(LOST);

    try (Caller caller = cluster.caller(history)) {
      retryAll(caller, lost, originals);
      askAll(cluster.connection(follower), lost, originals);

      leader.node().kill();
      Leader successor = cluster.awaitLeaderAfter(leader, LIMIT);
      assertThat(successor.node()).isNotEqualTo(leader.node());
      retryAll(caller, lost, originals);
      leader.node().start();
      cluster.awaitReady();

      cluster.nodes().forEach(NodeProcess::kill);
      cluster.nodes().forEach(NodeProcess::start);
      cluster.awaitReady();
      retryAll(caller, lost, originals);
      for (NodeProcess node : cluster.nodes()) {
        askAll(cluster.connection(node), lost, originals);
        List<RecordedEvent> log = cluster.connection(node).log(LIMIT);
        assertThat(log).as("nothing landed twice").hasSize(LOST);
        assertThat(HistoryChecker.check(history, log)).as("as %s reads it", node).isEmpty();
      }
    }
  }

  /** Cut at a random byte: some of these arrived, some did not, one may have arrived in part. */
  @Test
  void appendsThatWereCutSomewhereLandOnceHoweverTheyAreRetried() throws Exception {
    SplittableRandom random = new SplittableRandom(Effort.seed("cut somewhere"));
    ProcessCluster cluster = clusters.create(Options.plain().with(NodeYaml.SLOW_ELECTIONS)).start();
    Leader leader = cluster.awaitLeader(LIMIT);
    CuttingProxy proxy = cluster.proxy(leader.node());
    int rounds = Effort.of(20, 200);
    int perRound = 25;
    int unknown = 0;
    try (Caller caller = cluster.caller(history)) {
      for (int round = 0; round < rounds; round++) {
        List<Operation> operations = new ArrayList<>();
        List<NodeConnection.Sent> sent = new ArrayList<>();
        List<Long> sentNanos = new ArrayList<>();
        try (NodeConnection connection = new NodeConnection(proxy.port())) {
          long known = connection.head(LIMIT);
          proxy.cutAfterRequestBytes(random.nextInt(perRound * LEAST_APPEND_BYTES));
          for (int i = 0; i < perRound; i++) {
            Append append = Caller.append("cut-" + round + "-" + i, "cut-" + i, known, 20);
            operations.add(history.begin(append));
            sentNanos.add(System.nanoTime());
            sent.add(connection.send(append, LIMIT));
          }
          for (int i = 0; i < perRound; i++) {
            Attempt attempt = operations.get(i).answered(sentNanos.get(i), sent.get(i).outcome());
            unknown += attempt instanceof Attempt.Unknown ? 1 : 0;
          }
        } finally {
          proxy.forward();
        }
        // At once, at two nodes at the same time, while the first sending may still be on its way.
        List<Callable<Attempt>> retries = new ArrayList<>();
        for (Operation operation : operations) {
          retries.add(() -> caller.settle(operation, LIMIT));
          retries.add(() -> caller.send(operation, caller.node(random(operation)), LIMIT));
        }
        assertThat(Parallel.all(RETRIERS, retries)).allMatch(Attempt.Landed.class::isInstance);
      }
    }
    System.out.printf(
        "%d appends in %d rounds: %d cut connections, %d outcomes unknown at first%n",
        rounds * perRound, rounds, proxy.cutConnections(), unknown);
    assertThat(proxy.cutConnections()).isGreaterThan(rounds / 2);
    assertThat(unknown).isPositive();
    List<RecordedEvent> log = cluster.connection(leader.node()).log(LIMIT);
    assertThat(log).hasSize(rounds * perRound);
    assertThat(HistoryChecker.check(history, log)).isEmpty();
  }

  private static int random(Operation operation) {
    return Math.floorMod(operation.append().getAppendId().getId().hashCode(), 3);
  }

  private void retryAll(Caller caller, List<Operation> lost, Map<String, Appended> originals)
      throws Exception {
    List<Callable<Attempt>> retries = new ArrayList<>();
    lost.forEach(operation -> retries.add(() -> caller.settle(operation, LIMIT)));
    List<Attempt> answers = Parallel.all(RETRIERS, retries);
    for (int i = 0; i < lost.size(); i++) {
      assertThat(answers.get(i))
          .as("the answer to %s", lost.get(i))
          .isEqualTo(new Attempt.Landed(original(originals, lost.get(i))));
    }
  }

  private static Appended original(Map<String, Appended> originals, Operation operation) {
    return Objects.requireNonNull(originals.get(operation.name()));
  }

  private static void askAll(
      NodeConnection node, List<Operation> lost, Map<String, Appended> originals) {
    for (Operation operation : lost) {
      assertThat(node.getAppend(operation.append().getAppendId(), LIMIT).getAppended())
          .isEqualTo(original(originals, operation));
    }
  }

  /** What the answer to each of these one-event appends must be, repeated: taken from the log. */
  private static Map<String, Appended> originals(List<RecordedEvent> log) {
    Map<String, Appended> originals = new HashMap<>();
    for (RecordedEvent event : log) {
      Appended.Builder original =
          Appended.newBuilder()
              .setFirstPosition(event.getPosition())
              .setLastPosition(event.getPosition())
              .setRecorded(event.getRecorded())
              .setReplayed(true);
      original.addVersionsBuilder().setSource(event.getSource()).setVersion(event.getVersion());
      originals.put(event.getId(), original.build());
    }
    return originals;
  }
}
