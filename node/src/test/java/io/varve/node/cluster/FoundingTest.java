package io.varve.node.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.varve.node.cluster.NodeIdentity.Stage;
import io.varve.proto.replicated.v1.Founding;
import io.varve.proto.v1.Member;
import io.varve.proto.v1.MemberRole;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A cluster is founded once, whatever is cut or late. */
@Timeout(180)
class FoundingTest {

  private static final UUID CLUSTER = new UUID(0x1234, 0x5678);
  private static final ByteString LOG = NodeIdentity.bytes(new UUID(0x9abc, 0xdef0));

  @TempDir Path directory;
  private TestCluster cluster;

  @AfterEach
  void close() {
    cluster.close();
    assertThat(cluster.halts()).isEmpty();
  }

  @Test
  void theFounderWaitsForEveryConfiguredMember() {
    cluster = new TestCluster(directory, 3);
    cluster.start("n1");
    cluster.start("n2");
    Conditions.await(
        "n1 to see n2 waiting", () -> roleSeenBy("n1", "n2") == MemberRole.MEMBER_ROLE_WAITING);
    assertThat(cluster.node("n1").describe().getClusterId()).isEmpty();
    assertThat(cluster.config("n1").identityFile()).doesNotExist();

    cluster.start("n3");
    cluster.awaitReady();

    assertThat(cluster.append("s", 1).firstPosition()).isEqualTo(1);
  }

  @Test
  void theFounderWasKilledBeforeItToldAnyone() {
    cluster = new TestCluster(directory, 3);
    identity("n1", Stage.FOUNDING);

    cluster.start().awaitReady();

    assertFoundedAsDecided();
  }

  @Test
  void theFounderWasKilledWhenItHadToldOne() {
    cluster = new TestCluster(directory, 3);
    identity("n1", Stage.FOUNDING);
    identity("n3", Stage.FOUNDING);

    cluster.start().awaitReady();

    assertFoundedAsDecided();
  }

  @Test
  void theFounderWasKilledWhenItHadToldAllAndTheOthersWentOn() {
    cluster = new TestCluster(directory, 3);
    cluster.ids().forEach(id -> identity(id, Stage.FOUNDING));
    cluster.start("n2");
    cluster.start("n3");
    cluster.awaitReady();
    cluster.append("s", 1);

    cluster.start("n1");
    cluster.awaitReady();
    cluster.awaitHead("n1", 1);

    assertFoundedAsDecided();
  }

  @Test
  void aNodeWasKilledBetweenFormattingItsStorageAndItsRightToVote() {
    cluster = new TestCluster(directory, 3);
    cluster.ids().forEach(id -> identity(id, Stage.FOUNDING));
    new RaftStorageFiles(cluster.config("n2").raftDirectory(), CLUSTER).format();

    cluster.start().awaitReady();

    assertFoundedAsDecided();
  }

  @Test
  void theFounderLostItsDiskRightAfterItToldAll() {
    cluster = new TestCluster(directory, 3);
    identity("n2", Stage.FOUNDING);
    identity("n3", Stage.FOUNDING);

    cluster.start().awaitReady();

    assertFoundedAsDecided();
    Conditions.await("n1 to vote", () -> stage("n1") == Stage.VOTER);
  }

  @Test
  void oneNodeAloneIsACluster() {
    cluster = new TestCluster(directory, 1).start().awaitReady();

    assertThat(cluster.append("s", 1).firstPosition()).isEqualTo(1);
    cluster.stop("n1");
    cluster.start().awaitReady();
    assertThat(cluster.append("s", 1).firstPosition()).isEqualTo(2);
  }

  @Test
  void theSettingsAreTheFounders() {
    cluster =
        new TestCluster(
            directory,
            3,
            TestCluster.TUNING,
            new FoundingSettings("default", 17, 1_000),
            TestCluster::servePeers);
    cluster.start().awaitReady();
    for (String id : cluster.ids()) {
      Conditions.await(
          id + " to know the window", () -> cluster.node(id).reader().dedupWindow() == 17);
    }
  }

  private void identity(String id, Stage stage) {
    try {
      Files.createDirectories(cluster.config(id).dataDirectory());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Founding founding =
        Founding.newBuilder()
            .setLogIdentity(LOG)
            .setLog("default")
            .setDedupWindow(1_000)
            .setScopeStepLimit(1_000)
            .build();
    new NodeIdentity(id, CLUSTER, stage, List.of("n1", "n2", "n3"), Optional.of(founding))
        .store(cluster.config(id).identityFile());
  }

  private Stage stage(String id) {
    return NodeIdentity.load(cluster.config(id).identityFile()).orElseThrow().stage();
  }

  private void assertFoundedAsDecided() {
    long before = cluster.maxHead();
    assertThat(cluster.append("s", 1).firstPosition()).isEqualTo(before + 1);
    for (String id : cluster.ids()) {
      cluster.awaitHead(id, before + 1);
      assertThat(cluster.node(id).describe().getClusterId()).isEqualTo(NodeIdentity.bytes(CLUSTER));
      assertThat(cluster.node(id).reader().logIdentity()).isEqualTo(LOG);
    }
  }

  private MemberRole roleSeenBy(String observer, String id) {
    return cluster.node(observer).describe().getMembersList().stream()
        .filter(member -> member.getId().equals(id))
        .map(Member::getRole)
        .findFirst()
        .orElseThrow();
  }
}
