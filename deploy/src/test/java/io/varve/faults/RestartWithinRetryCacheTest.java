package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.ProcessCluster.Leader;
import io.varve.faults.ProcessCluster.Options;
import io.varve.proto.v1.RecordedEvent;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A leader is killed, restarted and made the leader again while every node still remembers the
 * requests of its former life. If a request of the new life bears the name of one of the old, Ratis
 * answers it with the old one's success and appends nothing.
 */
@Tag("faults")
class RestartWithinRetryCacheTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private static final Duration RETRY_CACHE = Duration.ofMinutes(10);

  private static final int APPENDS = Effort.of(3_000, 30_000);

  @RegisterExtension private final Clusters clusters = new Clusters();

  private final History history = new History();

  @Test
  void noAppendIsAnsweredWithAnothersOutcome() throws Exception {
    ProcessCluster cluster =
        clusters.create(Options.plain().with(NodeYaml.RETRY_CACHE_OF_TEN_MINUTES)).start();
    Leader leader = cluster.awaitLeader(LIMIT);
    NodeProcess a = leader.node();
    landed(Burst.exchange(history, cluster.connection(a), "before", APPENDS, 60, LIMIT));

    long killed = System.nanoTime();
    a.kill();
    Leader between = cluster.awaitLeaderAfter(leader, LIMIT);
    NodeProcess b = between.node();
    NodeProcess c = cluster.others(a, b).get(0);
    landed(Burst.exchange(history, cluster.connection(b), "between", APPENDS / 10, 60, LIMIT));
    a.start();
    cluster.awaitReady();
    cluster.awaitEqualHeads();

    // C is made to lack an entry that A has: with B paused, only A can be elected. A paused C would
    // find the entry in its socket when it goes on; a killed one has no socket.
    c.kill();
    landed(Burst.exchange(history, cluster.connection(b), "without-c", 1, 60, LIMIT));
    Await.until(
        "A to have it",
        LIMIT,
        () ->
            cluster
                .self(a)
                .map(member -> member.getHead())
                .equals(cluster.self(b).map(member -> member.getHead())));
    b.pause();
    c.start();
    Leader again = cluster.awaitLeaderAfter(between, LIMIT);
    assertThat(again.node()).as("the restarted node leads again").isEqualTo(a);
    Duration since = Duration.ofNanos(System.nanoTime() - killed);
    assertThat(since).as("within the retry cache's time").isLessThan(RETRY_CACHE);
    b.resume();
    landed(Burst.exchange(history, cluster.connection(a), "after", APPENDS, 60, LIMIT));
    System.out.printf(
        "%s led terms %d and %d, killed in between, %d ms apart, %d appends before and after%n",
        a, leader.term(), again.term(), since.toMillis(), APPENDS);

    cluster.awaitReady();
    cluster.awaitEqualHeads();
    for (NodeProcess node : cluster.nodes()) {
      List<RecordedEvent> log = cluster.connection(node).log(LIMIT);
      assertThat(log).hasSize(2 * APPENDS + APPENDS / 10 + 1);
      assertThat(HistoryChecker.check(history, log)).as("as %s reads it", node).isEmpty();
    }
  }

  private static void landed(List<Attempt> attempts) {
    assertThat(attempts)
        .allSatisfy(
            attempt ->
                assertThat(attempt)
                    .isInstanceOfSatisfying(
                        Attempt.Landed.class,
                        landed -> assertThat(landed.appended().getReplayed()).isFalse()));
  }
}
