package io.varve.node.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.statemachine.Outcome;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Entries in, outcomes out, leaders lost and all nodes restarted. */
@Timeout(180)
class ReplicationTest {

  @TempDir Path directory;
  private TestCluster cluster;

  @AfterEach
  void close() {
    cluster.close();
    assertThat(cluster.halts()).isEmpty();
  }

  @Test
  void threeNodesFoundALogAndEveryNodeAppliesWhatWasAppended() {
    cluster = new TestCluster(directory, 3).start().awaitReady();

    Outcome.Appended first = cluster.append("orders/1", 100);
    Outcome.Appended second = cluster.append("orders/1", 100);

    assertThat(first.firstPosition()).isEqualTo(1);
    assertThat(second.firstPosition()).isEqualTo(2);
    for (String id : cluster.ids()) {
      cluster.awaitHead(id, 2);
      assertThat(cluster.node(id).reader().version("orders/1")).isEqualTo(2);
      assertThat(cluster.node(id).reader().logIdentity())
          .isEqualTo(cluster.node("n1").reader().logIdentity())
          .hasSize(16);
    }
  }

  @Test
  void aNewLeaderGoesOnWhereTheStoppedOneEnded() {
    cluster = new TestCluster(directory, 3).start().awaitReady();
    cluster.append("s", 10);
    String old = cluster.awaitLeader();

    cluster.stop(old);
    long started = System.nanoTime();
    String next = cluster.awaitLeader();
    Outcome.Appended appended = cluster.append("s", 10);
    System.out.printf(
        "a new leader appends after %d ms%n", (System.nanoTime() - started) / 1_000_000);

    assertThat(next).isNotEqualTo(old);
    assertThat(appended.firstPosition()).isEqualTo(2);
    cluster.start(old);
    cluster.awaitHead(old, 2);
  }

  @Test
  void aRestartOfAllNodesFindsTheData() {
    cluster = new TestCluster(directory, 3).start().awaitReady();
    for (int i = 0; i < 20; i++) {
      cluster.append("s" + i % 3, 50);
    }
    var identity = cluster.node("n1").reader().logIdentity();
    cluster.ids().forEach(cluster::stop);

    cluster.start().awaitReady();

    for (String id : cluster.ids()) {
      cluster.awaitHead(id, 20);
      assertThat(cluster.node(id).reader().logIdentity()).isEqualTo(identity);
    }
    assertThat(cluster.append("s0", 50).firstPosition()).isEqualTo(21);
  }
}
