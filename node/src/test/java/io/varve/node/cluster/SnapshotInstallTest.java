package io.varve.node.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoredEvent;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots are taken by bytes of log, the log is purged, and a node that lags is sent one. */
@Timeout(240)
class SnapshotInstallTest {

  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;

  @TempDir Path directory;
  private TestCluster cluster;

  @AfterEach
  void close() {
    cluster.close();
    assertThat(cluster.halts()).isEmpty();
  }

  @Test
  void aLaggingNodeIsSentASnapshotAndGoesOnFromThere() {
    cluster =
        new TestCluster(
                directory,
                3,
                TestCluster.TUNING
                    .withSnapshotLogBytes(512 * KIB)
                    .withLogSegments(128 * KIB, 16 * KIB))
            .start()
            .awaitReady();
    cluster.append("first", 10);
    String lagging = cluster.othersThan(cluster.awaitLeader()).get(0);
    cluster.awaitHead(lagging, 1);
    cluster.stop(lagging);
    cluster.appendBytes(4L * MIB, 4 * KIB);
    String leader = cluster.awaitLeader();
    Conditions.await(
        "the leader's log to be purged, up to the last snapshot but one",
        () -> {
          cluster.appendBytes(512L * KIB, 4 * KIB);
          return firstLogIndex(leader).filter(i -> i > 5).isPresent();
        });
    assertThat(cluster.node(leader).snapshotStatus().taken()).isPositive();

    ClusterNode node = cluster.start(lagging);
    LogReader reader = node.reader();
    AtomicLong heard = new AtomicLong();
    node.onApplied(heard::set);
    EventCursor cursor = reader.log(1, Direction.FORWARD);
    long before = cursor.head();

    // Something that it cannot have applied before it was listened to.
    long head = cluster.append("while it returns", 10).lastPosition();
    cluster.awaitHead(lagging, head);
    Conditions.await("the listener to hear of it", () -> heard.get() >= head);

    assertThat(node.reader()).isSameAs(reader);
    assertThat(node.snapshotStatus().installed()).isPositive();
    assertThat(node.snapshotStatus().newestIndex()).isPositive();
    long seen = 0;
    for (Optional<StoredEvent> next = cursor.next(); next.isPresent(); next = cursor.next()) {
      seen = next.get().position();
    }
    assertThat(seen).as("a cursor from before keeps its state").isEqualTo(before);
    cursor.close();
    for (long position = 1; position <= head; position += 97) {
      assertThat(reader.event(position)).isEqualTo(cluster.node(leader).reader().event(position));
    }
    cluster.awaitReady();
    // And it carries on, also across a restart.
    assertThat(cluster.append("then", 10).firstPosition()).isEqualTo(head + 1);
    cluster.stop(lagging);
    cluster.start(lagging);
    cluster.awaitHead(lagging, head + 1);
  }

  @Test
  void snapshotsOfALogGrowWithItsBytesAndOldOnesAreDeleted() {
    cluster =
        new TestCluster(
                directory,
                1,
                TestCluster.TUNING
                    .withSnapshotLogBytes(256 * KIB)
                    .withLogSegments(64 * KIB, 16 * KIB))
            .start()
            .awaitReady();
    cluster.appendBytes(100 * KIB, KIB);
    assertThat(cluster.node("n1").snapshotStatus().taken()).isZero();

    Conditions.await(
        "more snapshots than are kept",
        () -> {
          cluster.appendBytes(300 * KIB, KIB);
          return cluster.node("n1").snapshotStatus().taken() >= 4;
        });
    Conditions.await("two snapshots on disk", () -> count(snapshots("n1"), "snapshot-") == 2);
    Conditions.await(
        "the log to be purged", () -> firstLogIndex("n1").filter(i -> i > 0).isPresent());
    long head = cluster.maxHead();
    cluster.stop("n1");
    cluster.start("n1");
    cluster.awaitReady();
    assertThat(cluster.node("n1").reader().head()).isEqualTo(head);
  }

  @Test
  void aSnapshotOfFiftyMegabytesIsInstalledQuickly() {
    cluster =
        new TestCluster(
                directory,
                3,
                TestCluster.TUNING.withSnapshotLogBytes(16L * MIB).withLogSegments(8 * MIB, MIB))
            .start()
            .awaitReady();
    String wiped = cluster.othersThan(cluster.awaitLeader()).get(0);
    cluster.stop(wiped);
    cluster.wipe(wiped);
    cluster.appendBytes(56L * MIB, 8 * KIB);
    String leader = cluster.awaitLeader();
    Conditions.await(
        "the leader to have taken a snapshot",
        () -> cluster.node(leader).snapshotStatus().taken() >= 1);
    long head = cluster.maxHead();

    long started = System.nanoTime();
    cluster.start(wiped);
    cluster.awaitHead(wiped, head);
    long caughtUp = System.nanoTime();
    cluster.awaitReady();
    System.out.printf(
        "a wiped node has %d MB again after %d ms and votes after %d ms; apply was held for at most"
            + " %d ms by %d snapshots%n",
        56,
        (caughtUp - started) / 1_000_000,
        (System.nanoTime() - started) / 1_000_000,
        cluster.node(leader).snapshotStatus().maxHold().toMillis(),
        cluster.node(leader).snapshotStatus().taken());
    assertThat(cluster.node(wiped).reader().event(head))
        .isEqualTo(cluster.node(leader).reader().event(head));
  }

  private Path group(String id) {
    NodeIdentity identity = NodeIdentity.load(cluster.config(id).identityFile()).orElseThrow();
    return cluster.config(id).raftDirectory().resolve(identity.clusterId().toString());
  }

  private Path snapshots(String id) {
    return group(id).resolve("sm");
  }

  private Optional<Long> firstLogIndex(String id) {
    String[] names = group(id).resolve("current").toFile().list();
    return names == null
        ? Optional.empty()
        : java.util.Arrays.stream(names)
            .filter(name -> name.startsWith("log_"))
            .map(name -> name.replaceAll("log_(inprogress_)?(\\d+).*", "$2"))
            .map(Long::valueOf)
            .min(Long::compare);
  }

  private static long count(Path directory, String prefix) {
    String[] names = directory.toFile().list();
    return names == null
        ? 0
        : java.util.Arrays.stream(names).filter(name -> name.startsWith(prefix)).count();
  }
}
