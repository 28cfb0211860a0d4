package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.ProcessCluster.Options;
import io.varve.proto.v1.RecordedEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Nodes killed at random points under load, again and again; then every disk is recomputed. */
@Tag("faults")
class RandomKillsTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int KILLS = Effort.of(20, 200);
  private static final int WRITERS = 16;
  private static final int MAX_PAYLOAD_BYTES = 4_000;

  @RegisterExtension private final Clusters clusters = new Clusters();

  @Test
  void theChainsRecomputedFromEachDiskAreEqual() throws Exception {
    SplittableRandom random = new SplittableRandom(Effort.seed("random kills"));
    ProcessCluster cluster =
        clusters.create(Options.plain().with(NodeYaml.SMALL_SNAPSHOTS)).start();
    History history = new History();
    Set<String> snapshotsSeen = new TreeSet<>();
    int leadersKilled = 0;
    try (Caller caller = cluster.caller(history);
        Load load = new Load(caller, WRITERS, MAX_PAYLOAD_BYTES, random.split())) {
      for (int kill = 1; kill <= KILLS; kill++) {
        load.awaitMore(1 + random.nextInt(300), LIMIT);
        NodeProcess chosen = cluster.node(1 + random.nextInt(3));
        // One leader at least, not left to chance.
        NodeProcess victim = kill == 1 ? cluster.awaitLeader(LIMIT).node() : chosen;
        leadersKilled +=
            cluster.leader().filter(leader -> leader.node().equals(victim)).isPresent() ? 1 : 0;
        victim.kill();
        DiskAudit.assertSoundAfterKill(victim);
        for (NodeProcess node : cluster.nodes()) {
          for (String snapshot : RaftFiles.snapshots(node.dataDirectory())) {
            snapshotsSeen.add(node + ":" + snapshot);
          }
        }
        if (random.nextBoolean()) {
          load.awaitMore(1 + random.nextInt(100), LIMIT); // Down for a while, or back at once.
        }
        victim.start();
      }
      load.awaitMore(100, LIMIT);
      load.stop();
    }
    cluster.awaitReady();
    long head = cluster.awaitEqualHeads();
    List<List<RecordedEvent>> logs = new ArrayList<>();
    for (NodeProcess node : cluster.nodes()) {
      List<RecordedEvent> log = cluster.connection(node).log(LIMIT);
      assertThat(HistoryChecker.check(history, log)).as("as %s reads it", node).isEmpty();
      logs.add(log);
    }
    assertThat(logs).allMatch(log -> log.equals(logs.get(0)));
    assertThat(head).isEqualTo(logs.get(0).size());
    System.out.printf(
        "%d kills (%d of leaders), %d starts, %d acknowledged appends, head %d, %d snapshots seen%n",
        KILLS,
        leadersKilled,
        cluster.nodes().stream().mapToInt(NodeProcess::starts).sum(),
        history.acknowledged(),
        head,
        snapshotsSeen.size());
    assertThat(snapshotsSeen).as("snapshots were taken while nodes were killed").isNotEmpty();
    assertThat(leadersKilled).isPositive();

    cluster.nodes().forEach(NodeProcess::terminate);
    DiskAudit.assertEqualChains(cluster, head);
  }
}
