package io.varve.node.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.varve.node.cluster.Replicator.NotAppendedException;
import io.varve.node.cluster.Replicator.OutcomeUnknownException;
import io.varve.proto.v1.Append;
import io.varve.statemachine.Outcome;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every entry gets its own outcome, or the exact kind of failure; reads see what was answered. */
@Timeout(180)
class OutcomesTest {
  /** Heartbeats every 15 s: what happens sooner has another reason. */
  private static final RaftTuning RARE_HEARTBEATS =
      TestCluster.TUNING
          .withElectionTimeout(Duration.ofSeconds(30), Duration.ofSeconds(31))
          .withReadTimeout(Conditions.PATIENCE);

  private static final Duration BEFORE_A_HEARTBEAT = Duration.ofSeconds(12);

  /** For barriers that are to be passed, however long it takes. */
  private static final RaftTuning PATIENT = TestCluster.TUNING.withReadTimeout(Conditions.PATIENCE);

  @TempDir Path directory;
  private TestCluster cluster;

  @AfterEach
  void close() {
    cluster.close();
    assertThat(cluster.halts()).isEmpty();
  }

  private static Append append(String source) {
    return Append.newBuilder().addEvents(TestCluster.event(source, 10)).build();
  }

  @Test
  void aNodeRestartedWithinTheRetryCachesTimeAnswersEveryAppendWithItsOwnOutcome() {
    cluster =
        new TestCluster(directory, 3, TestCluster.STEADY.withRetryCacheExpiry(Conditions.PATIENCE))
            .start()
            .awaitReady();
    for (int round = 0; round < 3; round++) {
      String leader = cluster.awaitLeader();
      List<CompletableFuture<List<Outcome>>> answers = new ArrayList<>();
      List<String> sources = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        String source = "round-" + round + "-" + i;
        sources.add(source);
        answers.add(cluster.node(leader).replicate(TestCluster.command(append(source))));
      }
      for (int i = 0; i < sources.size(); i++) {
        Outcome.Appended appended = (Outcome.Appended) answers.get(i).join().get(0);
        assertThat(appended.versions())
            .containsExactly(new Outcome.SourceVersion(sources.get(i), 1));
      }
      long head = cluster.maxHead();
      assertThat(head).isEqualTo(30L * (round + 1));
      cluster.ids().forEach(cluster::stop);
      cluster.start().awaitReady();
    }
  }

  @Test
  void aFollowerRefusesAnEntryWithoutDoubt() {
    cluster = new TestCluster(directory, 3).start().awaitReady();
    String follower = cluster.othersThan(cluster.awaitLeader()).get(0);

    assertThatThrownBy(
            () -> cluster.node(follower).replicate(TestCluster.command(append("s"))).join())
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(NotAppendedException.class);

    assertThat(cluster.append("s", 1).firstPosition()).isEqualTo(1);
  }

  @Test
  void anEntryThatIsTooLargeIsRefusedWithoutDoubtAndTheNextOneLands() {
    cluster = new TestCluster(directory, 1).start().awaitReady();
    Append large = Append.newBuilder().addEvents(TestCluster.event("s", 8 << 20)).build();

    assertThatThrownBy(() -> cluster.node("n1").replicate(TestCluster.command(large)).join())
        .hasCauseInstanceOf(NotAppendedException.class);

    assertThat(cluster.append("s", 4 << 20).firstPosition()).isEqualTo(1);
  }

  @Test
  void moreEntriesThanMayWaitAreRefusedWithoutDoubt() {
    cluster = new TestCluster(directory, 1, TestCluster.STEADY).start().awaitReady();
    List<CompletableFuture<List<Outcome>>> answers = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      answers.add(cluster.node("n1").replicate(TestCluster.command(append("s"))));
    }
    int landed = 0;
    for (CompletableFuture<List<Outcome>> answer : answers) {
      Throwable e = catchThrowable(answer::join);
      if (e == null) {
        landed++;
      } else {
        assertThat(e).hasCauseInstanceOf(NotAppendedException.class);
      }
    }
    assertThat(cluster.node("n1").reader().head()).isEqualTo(landed);
    assertThat(landed).isBetween(1, 1_999);
  }

  @Test
  void whenTheMajorityGoesAwayEveryAnswerIsTrue() {
    cluster = new TestCluster(directory, 3, PATIENT).start().awaitReady();
    String leader = cluster.awaitLeader();
    List<String> followers = cluster.othersThan(leader);
    List<CompletableFuture<List<Outcome>>> answers = new ArrayList<>();
    Thread stopper = new Thread(() -> followers.forEach(cluster::stop));
    stopper.start();

    // One after the other until the node has noticed; what it then refuses is surely not logged.
    boolean refused = false;
    for (int i = 0; !refused; i++) {
      CompletableFuture<List<Outcome>> answer =
          cluster.node(leader).replicate(TestCluster.command(append("fate-" + i)));
      answers.add(answer);
      var unused = catchThrowable(() -> answer.get(60, TimeUnit.SECONDS));
      refused =
          answer.isCompletedExceptionally() && failure(answer) instanceof NotAppendedException;
    }
    assertThat(catchThrowable(() -> stopper.join())).isNull();
    followers.forEach(cluster::start);
    cluster.awaitReady();
    cluster.append("after", 1);

    int unknown = 0;
    for (int i = 0; i < answers.size(); i++) {
      for (String id : cluster.ids()) {
        cluster.node(id).readBarrier().join();
        long version = cluster.node(id).reader().version("fate-" + i);
        if (!answers.get(i).isCompletedExceptionally()) {
          assertThat(version).isEqualTo(1);
        } else if (failure(answers.get(i)) instanceof NotAppendedException) {
          assertThat(version).isZero();
        } else {
          assertThat(failure(answers.get(i))).isInstanceOf(OutcomeUnknownException.class);
          assertThat(version)
              .isEqualTo(cluster.node(leader).reader().version("fate-" + i))
              .isLessThanOrEqualTo(1);
          unknown++;
        }
      }
    }
    assertThat(unknown).as("entries whose fate was unknown").isPositive();
  }

  private static Throwable failure(CompletableFuture<?> future) {
    Throwable e = catchThrowable(future::join);
    return e.getCause() == null ? e : e.getCause();
  }

  @Test
  void aReadBarrierOnAnyNodeSeesWhatWasAcknowledgedAnywhere() {
    cluster = new TestCluster(directory, 3, PATIENT).start().awaitReady();
    for (int i = 1; i <= 100; i++) {
      long position = cluster.append("s", 1).lastPosition();
      for (String id : cluster.ids()) {
        cluster.node(id).readBarrier().join();
        assertThat(cluster.node(id).reader().head()).isGreaterThanOrEqualTo(position);
      }
    }
  }

  @Test
  void manyReadBarriersShareRounds() {
    cluster = new TestCluster(directory, 3, PATIENT).start().awaitReady();
    String follower = cluster.othersThan(cluster.awaitLeader()).get(0);
    List<CompletableFuture<Void>> barriers = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      barriers.add(cluster.node(follower).readBarrier());
    }
    CompletableFuture.allOf(barriers.toArray(CompletableFuture[]::new)).join();
  }

  @Test
  void aReadBarrierWithoutAMajorityFailsInItsTime() {
    cluster =
        new TestCluster(directory, 3, TestCluster.TUNING.withReadTimeout(Duration.ofMillis(700)))
            .start()
            .awaitReady();
    String alone = cluster.ids().get(0);
    cluster.othersThan(alone).forEach(cluster::stop);

    assertThatThrownBy(() -> cluster.node(alone).readBarrier().get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(NotAppendedException.class);
  }

  @Test
  void aLeaderThatIsCutOffServesNoReadsAlthoughItStillTakesItselfForTheLeader() {
    // Elections so rare that it keeps its role; an index it had confirmed before must not do.
    cluster =
        new TestCluster(
                directory,
                3,
                TestCluster.TUNING
                    .withElectionTimeout(Duration.ofSeconds(20), Duration.ofSeconds(21))
                    .withReadTimeout(Duration.ofSeconds(4)))
            .start()
            .awaitReady();
    cluster.append("s", 1);
    String leader = cluster.awaitLeader();
    cluster.node(leader).readBarrier().join();
    cluster.othersThan(leader).forEach(cluster::stop);

    assertThatThrownBy(() -> cluster.node(leader).readBarrier().get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(NotAppendedException.class);

    assertThat(cluster.node(leader).leads()).isTrue();
  }

  @Test
  void announcingACommitTellsFollowersBeforeTheNextHeartbeat() {
    cluster = new TestCluster(directory, 3, RARE_HEARTBEATS).start().awaitReady();
    String leader = cluster.awaitLeader();
    for (int i = 0; i < 20; i++) {
      long position = cluster.append("s", 1).lastPosition();
      long started = System.nanoTime();
      cluster.node(leader).announceCommit();
      for (String id : cluster.ids()) {
        cluster.awaitHead(id, position);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(BEFORE_A_HEARTBEAT);
    }
  }

  /** What comes while the leader's sender is busy must not wait until the sender looks again. */
  @Test
  void noReadAndNoAppendWaitsForTheNextHeartbeat() throws Exception {
    cluster = new TestCluster(directory, 3, RARE_HEARTBEATS).start().awaitReady();
    String leader = cluster.awaitLeader();
    cluster.append("s", 1);
    for (int i = 0; i < 400; i++) {
      String asked = cluster.ids().get(i % 3);
      cluster
          .node(leader)
          .replicate(TestCluster.command(append("s")))
          .thenRun(cluster.node(leader)::announceCommit)
          .get(BEFORE_A_HEARTBEAT.toMillis(), TimeUnit.MILLISECONDS);
      cluster.node(asked).readBarrier().get(BEFORE_A_HEARTBEAT.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  @Test
  void closingEndsWhatWaitsAndLeavesNoThread() {
    // Those of another test's nodes may still sleep, where heartbeats were rare.
    Set<Thread> ofOtherTests = Thread.getAllStackTraces().keySet();
    cluster = new TestCluster(directory, 3).start().awaitReady();
    String leader = cluster.awaitLeader();
    List<String> followers = cluster.othersThan(leader);
    followers.forEach(cluster::stop);
    CompletableFuture<List<Outcome>> answer =
        cluster.node(leader).replicate(TestCluster.command(append("s")));
    CompletableFuture<Void> barrier = cluster.node(leader).readBarrier();

    cluster.stop(leader);

    assertThat(answer).isCompletedExceptionally();
    assertThat(barrier).isCompletedExceptionally();
    Conditions.await(
        () -> "no thread of a node to be left, but there are " + threadsOfNodes(ofOtherTests),
        () -> threadsOfNodes(ofOtherTests).isEmpty());
  }

  private static List<String> threadsOfNodes(Set<Thread> but) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !but.contains(thread))
        .map(Thread::getName)
        .filter(name -> name.startsWith("varve-") || name.matches(".*\\bn[123]\\b.*"))
        .toList();
  }
}
