package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.History.Operation;
import io.varve.faults.ProcessCluster.Leader;
import io.varve.faults.ProcessCluster.Options;
import io.varve.proto.v1.Member;
import io.varve.proto.v1.MemberRole;
import io.varve.proto.v1.RecordedEvent;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The one way to lose acknowledged events without losing a majority of disks: a node comes back
 * with an empty one and votes for a leader that lacks them. This test builds exactly that.
 */
@Tag("faults")
class WipedDiskTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Duration SENDING_LIMIT = Duration.ofMillis(1_500);

  /** Many election timeouts: long enough for a wrong leader to be elected many times over. */
  private static final Duration LEADERLESS = Duration.ofSeconds(Effort.of(12, 60));

  private static final int ACKNOWLEDGED_BY_ALL = 2_000;
  private static final int ACKNOWLEDGED_WITHOUT_C = 300;

  @RegisterExtension private final Clusters clusters = new Clusters();

  private final History history = new History();

  @Test
  void aWipedNodeCannotElectALeaderThatLacksAcknowledgedEvents() throws Exception {
    ProcessCluster cluster =
        clusters.create(Options.plain().with(NodeYaml.SMALL_SNAPSHOTS)).start();
    Leader leader = cluster.awaitLeader(LIMIT);
    NodeProcess a = leader.node();
    NodeProcess b = cluster.others(a).get(0);
    NodeProcess c = cluster.others(a).get(1);
    append(cluster.connection(a), "with-all", ACKNOWLEDGED_BY_ALL, 2_000);
    cluster.awaitEqualHeads();
    Await.until(
        "A's log to be purged up to a snapshot",
        LIMIT,
        () -> RaftFiles.firstLogIndex(a.dataDirectory()) > 1,
        () -> RaftFiles.describe(a.dataDirectory()));

    c.kill();
    append(cluster.connection(a), "without-c", ACKNOWLEDGED_WITHOUT_C, 100);
    long acknowledged = ACKNOWLEDGED_BY_ALL + ACKNOWLEDGED_WITHOUT_C;
    assertThat(Await.value("A to answer", LIMIT, () -> cluster.self(a)).getHead())
        .isEqualTo(acknowledged);
    a.kill();
    b.kill();
    b.wipe();
    b.start();
    c.start();
    Await.until("B to answer", LIMIT, () -> cluster.self(b).isPresent());
    Member lagging = Await.value("C to answer", LIMIT, () -> cluster.self(c));
    assertThat(lagging.getHead()).as("C lags").isLessThan(acknowledged);

    // B and C are a majority of the three, and the votes of both would make a leader.
    Set<String> seen = ConcurrentHashMap.newKeySet();
    int[] refused = {0};
    Await.throughout(
        "no leader, and nothing accepted, while only the wiped and the lagging node are there",
        LEADERLESS,
        () -> {
          boolean leaderless = true;
          for (NodeProcess node : List.of(b, c)) {
            MemberRole role =
                cluster.self(node).map(Member::getRole).orElse(MemberRole.UNRECOGNIZED);
            seen.add(node + "=" + role);
            leaderless &= role != MemberRole.MEMBER_ROLE_LEADER;
            Operation operation =
                history.begin(Caller.append("leaderless-" + refused[0]++, "leaderless", 0, 0));
            long sent = System.nanoTime();
            Attempt attempt = cluster.connection(node).append(operation.append(), SENDING_LIMIT);
            operation.answered(sent, attempt);
            leaderless &= !(attempt instanceof Attempt.Landed);
          }
          return leaderless;
        },
        cluster::summary);
    assertThat(refused[0]).isGreaterThanOrEqualTo(2);
    assertThat(Await.value("B to answer", LIMIT, () -> cluster.self(b)).getHead())
        .as("B holds nothing")
        .isZero();
    System.out.printf(
        "no leader for %s: roles seen %s, %d appends not accepted%n", LEADERLESS, seen, refused[0]);

    a.start();
    Leader again = cluster.awaitLeaderAfter(leader, LIMIT);
    assertThat(again.node()).as("only A has everything").isEqualTo(a);
    Await.until(
        "B to follow without a vote",
        LIMIT,
        () ->
            roleOf(cluster, a, b).equals(MemberRole.MEMBER_ROLE_LISTENER)
                || cluster
                    .self(b)
                    .filter(member -> member.getRole() == MemberRole.MEMBER_ROLE_LISTENER)
                    .isPresent()
                || b.logHolds("listener"),
        cluster::summary);
    cluster.awaitReady();
    cluster.awaitEqualHeads();
    assertThat(RaftFiles.firstLogIndex(b.dataDirectory()))
        .as("B came back by a snapshot: its log does not begin at the beginning")
        .isGreaterThan(1);
    for (NodeProcess node : cluster.nodes()) {
      List<RecordedEvent> log = cluster.connection(node).log(LIMIT);
      assertThat(log).hasSizeGreaterThanOrEqualTo((int) acknowledged);
      assertThat(HistoryChecker.check(history, log)).as("as %s reads it", node).isEmpty();
    }

    // With A gone, C needs B's vote and B's disk to lead and to acknowledge.
    Leader last = cluster.awaitLeader(LIMIT);
    NodeProcess gone = last.node().equals(b) ? c : last.node();
    gone.kill();
    try (Caller caller =
        new Caller(cluster.others(gone).stream().map(NodeProcess::clientPort).toList(), history)) {
      Attempt attempt = caller.settle(Caller.append("with-b", "with-b", 0, 0), LIMIT);
      assertThat(attempt).isInstanceOf(Attempt.Landed.class);
    }
  }

  private static MemberRole roleOf(ProcessCluster cluster, NodeProcess asked, NodeProcess about) {
    return cluster
        .describe(asked)
        .flatMap(view -> ProcessCluster.member(view, about.id()))
        .map(Member::getRole)
        .orElse(MemberRole.MEMBER_ROLE_UNSPECIFIED);
  }

  private void append(NodeConnection node, String prefix, int count, int payloadBytes)
      throws Exception {
    assertThat(Burst.exchange(history, node, prefix, count, payloadBytes, LIMIT))
        .allMatch(Attempt.Landed.class::isInstance);
  }
}
