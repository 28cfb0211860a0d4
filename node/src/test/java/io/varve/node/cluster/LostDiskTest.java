package io.varve.node.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.node.cluster.NodeIdentity.Stage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An empty directory never votes outside the founding, and its node finds its way back. */
@Timeout(240)
class LostDiskTest {

  private static final int KIB = 1 << 10;

  @TempDir Path directory;
  private TestCluster cluster;
  private List<String> expectedHalts = List.of();

  @AfterEach
  void close() {
    cluster.close();
    assertThat(cluster.halts()).hasSize(expectedHalts.size());
  }

  @Test
  void aWipedNodeComesBackAsAListenerAndThenVotes() {
    cluster =
        new TestCluster(directory, 3, TestCluster.TUNING.withSnapshotLogBytes(256 * KIB))
            .start()
            .awaitReady();
    cluster.appendBytes(1_000 * KIB, 4 * KIB);
    String leader = cluster.awaitLeader();
    String wiped = cluster.othersThan(leader).get(0);
    cluster.stop(wiped);
    cluster.wipe(wiped);
    long head = cluster.append("while it was away", 10).lastPosition();

    cluster.start(wiped);
    cluster.awaitHead(wiped, head);
    awaitVoter(wiped);
    cluster.awaitReady();

    // Its vote counts: with another follower gone, entries commit only with its acknowledgement.
    cluster.stop(
        cluster.othersThan(cluster.awaitLeader()).stream()
            .filter(id -> !id.equals(wiped))
            .findFirst()
            .orElseGet(() -> cluster.othersThan(wiped).get(0)));
    assertThat(cluster.append("with its vote", 10).firstPosition()).isEqualTo(head + 1);
  }

  @Test
  void aWipedLeaderComesBackToo() {
    cluster = new TestCluster(directory, 3).start().awaitReady();
    cluster.append("s", 10);
    String wiped = cluster.awaitLeader();
    cluster.stop(wiped);
    cluster.wipe(wiped);
    cluster.append("s", 10);

    cluster.start(wiped);
    awaitVoter(wiped);
    cluster.awaitHead(wiped, 2);
    assertThat(cluster.append("s", 10).firstPosition()).isEqualTo(3);
  }

  @Test
  void aWipedNodeAndALaggingOneElectNoLeaderThatLacksAcknowledgedEvents() {
    Lag lag = leaderDownOneLaggingOneWiped();

    cluster.start(lag.wiped);
    cluster.start(lag.lagging);

    // The lagging node asks for votes again and again, and gets none.
    awaitCandidacies(lag.lagging, 5);
    assertThat(cluster.node(lag.lagging).leads()).isFalse();
    assertThat(cluster.node(lag.wiped).leads()).isFalse();
    assertThat(cluster.node(lag.wiped).reader().head()).isZero();
    assertThat(stage(lag.wiped)).isEmpty();

    cluster.start(lag.leader);
    assertThat(cluster.awaitLeader()).isEqualTo(lag.leader);
    cluster.awaitHead(lag.lagging, lag.head);
    awaitVoter(lag.wiped);
    cluster.awaitHead(lag.wiped, lag.head);
    cluster.awaitReady();
    assertThat(cluster.append("afterwards", 10).firstPosition()).isEqualTo(lag.head + 1);
  }

  @Test
  void wereTheEmptyDirectoryToVoteAcknowledgedEventsWouldBeLost() {
    // The same, with the mistake made on purpose: it shows that the scenario above can go wrong.
    Lag lag = leaderDownOneLaggingOneWiped();
    NodeIdentity known =
        NodeIdentity.load(cluster.config(lag.lagging).identityFile()).orElseThrow();
    Path data = cluster.config(lag.wiped).dataDirectory();
    assertThat(data.toFile().mkdirs()).isTrue();
    new NodeIdentity(lag.wiped, known.clusterId(), Stage.VOTER, known.voters(), known.founding())
        .store(cluster.config(lag.wiped).identityFile());
    new RaftStorageFiles(cluster.config(lag.wiped).raftDirectory(), known.clusterId()).format();

    cluster.start(lag.wiped);
    cluster.start(lag.lagging);

    assertThat(cluster.awaitLeader()).isEqualTo(lag.lagging);
    assertThat(cluster.append("instead", 10).firstPosition()).isLessThanOrEqualTo(lag.head);
  }

  private record Lag(String leader, String wiped, String lagging, long head) {}

  /** Events are acknowledged by the leader and one follower, whose disk is then lost. */
  private Lag leaderDownOneLaggingOneWiped() {
    cluster = new TestCluster(directory, 3).start().awaitReady();
    cluster.append("everywhere", 10);
    String leader = cluster.awaitLeader();
    cluster.ids().forEach(id -> cluster.awaitHead(id, 1));
    String lagging = cluster.othersThan(leader).get(1);
    String wiped = cluster.othersThan(leader).get(0);
    cluster.stop(lagging);
    long head = 0;
    for (int i = 0; i < 10; i++) {
      head = cluster.append("acknowledged", 10).lastPosition();
    }
    String last = cluster.awaitLeader();
    if (!last.equals(leader)) {
      String swap = leader;
      leader = last;
      wiped = swap;
    }
    cluster.stop(wiped);
    cluster.stop(leader);
    cluster.wipe(wiped);
    return new Lag(leader, wiped, lagging, head);
  }

  @Test
  void aMissingRaftDirectoryIsALostDisk() {
    cluster = new TestCluster(directory, 3).start().awaitReady();
    cluster.append("s", 10);
    String lost = cluster.othersThan(cluster.awaitLeader()).get(0);
    cluster.stop(lost);
    TestCluster.delete(cluster.config(lost).raftDirectory());
    cluster.append("s", 10);

    cluster.start(lost);

    Conditions.await("it to be forgotten", () -> wasForgotten(lost));
    awaitVoter(lost);
    cluster.awaitHead(lost, 2);
  }

  @Test
  void anEmptiedRaftLogIsALostDisk() throws Exception {
    cluster = new TestCluster(directory, 3).start().awaitReady();
    cluster.append("s", 10);
    String lost = cluster.othersThan(cluster.awaitLeader()).get(0);
    cluster.stop(lost);
    Path current =
        cluster
            .config(lost)
            .raftDirectory()
            .resolve(identity(lost).clusterId().toString())
            .resolve("current");
    try (var segments = Files.newDirectoryStream(current, "log_*")) {
      for (Path segment : segments) {
        Files.delete(segment);
      }
    }
    cluster.append("s", 10);

    cluster.start(lost);

    Conditions.await("it to take itself for lost", () -> wasForgotten(lost));
    awaitVoter(lost);
    cluster.awaitHead(lost, 2);
  }

  @Test
  void aLostStoreIsRebuiltFromSnapshotAndLogWithoutAskingAnyone() {
    cluster =
        new TestCluster(directory, 3, TestCluster.TUNING.withSnapshotLogBytes(256 * KIB))
            .start()
            .awaitReady();
    long head = cluster.appendBytes(1_000 * KIB, 4 * KIB);
    cluster.ids().forEach(id -> cluster.awaitHead(id, head));
    cluster.ids().forEach(cluster::stop);
    TestCluster.delete(cluster.config("n2").storeDirectory());

    cluster.start().awaitReady();

    cluster.awaitHead("n2", head);
    assertThat(stage("n2")).contains(Stage.VOTER);
    assertThat(cluster.node("n2").reader().event(1))
        .isEqualTo(cluster.node("n1").reader().event(1));
  }

  @Test
  void aHistoryWithoutAnIdentityIsRefused() throws Exception {
    cluster = new TestCluster(directory, 1).start().awaitReady();
    cluster.append("s", 10);
    cluster.stop("n1");
    Files.delete(cluster.config("n1").identityFile());

    assertThatThrownBy(() -> cluster.start("n1"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("holds a history but no identity");
  }

  @Test
  void anotherNodesDirectoryIsRefused() {
    cluster = new TestCluster(directory, 1).start().awaitReady();
    cluster.stop("n1");
    ClusterConfig config = cluster.config("n1");
    MemberConfig other = TestCluster.newMember("n9");

    assertThatThrownBy(
            () ->
                ClusterNode.start(
                        new ClusterConfig(
                            "n9",
                            config.dataDirectory(),
                            List.of(other),
                            config.founding(),
                            config.tuning()))
                    .close())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("belongs to node n1");
  }

  @Test
  void aNodeOfAnotherClusterRefusesLoudly() {
    String stranger = stranger();

    cluster.start(stranger);

    awaitRefusal(stranger);
  }

  @Test
  void aNodeOfAnotherClusterRefusesAlsoWhenItsPeersAnswerLater() {
    String stranger = stranger();
    List<String> peers = cluster.running();
    peers.forEach(cluster::stop);

    cluster.start(stranger);
    awaitCandidacies(stranger, 1);
    peers.forEach(cluster::start);

    awaitRefusal(stranger);
  }

  /** A stopped node whose disk is of another cluster than its peers. */
  private String stranger() {
    cluster = new TestCluster(directory, 3).start().awaitReady();
    cluster.append("s", 10);
    String stranger = cluster.othersThan(cluster.awaitLeader()).get(0);
    cluster.stop(stranger);
    cluster.wipe(stranger);
    Path data = cluster.config(stranger).dataDirectory();
    assertThat(data.toFile().mkdirs()).isTrue();
    UUID foreign = UUID.randomUUID();
    new NodeIdentity(
            stranger, foreign, Stage.VOTER, cluster.config(stranger).memberIds(), Optional.empty())
        .store(cluster.config(stranger).identityFile());
    new RaftStorageFiles(cluster.config(stranger).raftDirectory(), foreign).format();
    return stranger;
  }

  private void awaitRefusal(String stranger) {
    Conditions.await("the stranger to be halted", () -> !cluster.halts().isEmpty());
    assertThat(cluster.halts().get(0)).startsWith(stranger).contains("most of its peers");
    expectedHalts = List.of(stranger);
    assertThat(cluster.append("s", 10).firstPosition()).isEqualTo(2);
  }

  @Test
  void aNewMemberConfiguredEverywhereJoinsTheSameWay() {
    cluster = new TestCluster(directory, 3).start().awaitReady();
    cluster.append("s", 10);
    cluster.ids().forEach(cluster::stop);
    cluster.addMember("n4");

    cluster.start();
    awaitVoter("n4");
    cluster.awaitHead("n4", 1);
    cluster.awaitReady();
    assertThat(cluster.append("s", 10).firstPosition()).isEqualTo(2);
  }

  private void awaitVoter(String id) {
    Conditions.await(
        () -> id + " to vote, is " + stage(id) + "; " + cluster.halts(),
        () -> stage(id).equals(Optional.of(Stage.VOTER)));
    Conditions.await(id + " to be ready", () -> cluster.node(id).ready());
  }

  /** Watches a node become a candidate so many times, leading at no moment. */
  private void awaitCandidacies(String id, int times) {
    int[] seen = {0};
    boolean[] was = {false};
    Conditions.await(
        () -> id + " to stand " + times + " times; it stood " + seen[0],
        () -> {
          assertThat(cluster.running()).noneMatch(node -> cluster.node(node).leads());
          boolean candidate =
              cluster.node(id).ownRole() == io.varve.proto.v1.MemberRole.MEMBER_ROLE_CANDIDATE;
          if (candidate && !was[0]) {
            seen[0]++;
          }
          was[0] = candidate;
          return seen[0] >= times;
        });
  }

  private NodeIdentity identity(String id) {
    return NodeIdentity.load(cluster.config(id).identityFile()).orElseThrow();
  }

  /** Whether it has joined again: from then on it knows of no founding. */
  private boolean wasForgotten(String id) {
    return identity(id).founding().isEmpty();
  }

  private Optional<Stage> stage(String id) {
    return NodeIdentity.load(cluster.config(id).identityFile()).map(NodeIdentity::stage);
  }
}
