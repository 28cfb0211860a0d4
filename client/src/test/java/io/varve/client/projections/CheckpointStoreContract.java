package io.varve.client.projections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.projections.CheckpointCommit.Change;
import io.varve.client.projections.CheckpointCommit.Extend;
import io.varve.client.projections.CheckpointCommit.Park;
import io.varve.client.projections.CheckpointCommit.Release;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What every store must do. */
abstract class CheckpointStoreContract<T> {

  static final UUID LOG = UUID.fromString("00000000-0000-4000-8000-000000000001");
  private static final ProjectionPartition ONE = new ProjectionPartition("p", 1, 1);

  abstract CheckpointStore<T> store();

  private CheckpointStore<T> opened() {
    CheckpointStore<T> store = store();
    store.open("p", 1, 3, true, LOG);
    return store;
  }

  private static CheckpointCommit commit(long token, long from, long to, Change... changes) {
    return new CheckpointCommit(ONE, token, from, to, List.of(changes));
  }

  private static ParkedSource parked(String source, long first) {
    return new ParkedSource(source, 1, first, first, 1, "x".repeat(2_000), ParkedAction.NONE);
  }

  @Test
  void nothingIsKnownAtFirst() {
    assertThat(store().checkpoints("p", 1)).isEmpty();
    assertThat(store().liveGeneration("p")).isEmpty();
    assertThat(store().request("p", 1, "s", ParkedAction.RESUME)).isFalse();
    assertThatThrownBy(() -> store().claimNext(ONE)).isInstanceOf(ProjectionException.class);
  }

  @Test
  void theFirstGenerationIsLiveAndStandsAtZero() {
    CheckpointStore<T> store = opened();
    store.open("p", 1, 3, true, LOG);
    store.open("p", 2, 1, false, LOG);
    assertThat(store.liveGeneration("p")).hasValue(1);
    assertThat(store.checkpoints("p", 1))
        .extracting(Checkpoint::partition)
        .extracting(ProjectionPartition::number)
        .containsExactly(0, 1, 2);
    assertThat(store.checkpoints("p", 1)).allMatch(checkpoint -> checkpoint.position() == 0);
  }

  @Test
  void aGenerationStaysAsItWasMade() {
    CheckpointStore<T> store = opened();
    assertThatThrownBy(() -> store.open("p", 1, 4, true, LOG)).hasMessageContaining("4 partitions");
    assertThatThrownBy(() -> store.open("p", 1, 3, false, LOG)).hasMessageContaining("unshared");
    assertThatThrownBy(() -> store.open("p", 1, 3, true, UUID.randomUUID()))
        .hasMessageContaining("restored or replaced");
  }

  @Test
  void aCommitMovesTheCheckpointAndRunsTheWork() throws Exception {
    CheckpointStore<T> store = opened();
    long token = store.claimNext(ONE).token();
    AtomicBoolean ran = new AtomicBoolean();
    store.commit(commit(token, 0, 7), transaction -> ran.set(true));
    assertThat(ran).isTrue();
    assertThat(store.claim(ONE, token).position()).isEqualTo(7);
    assertThat(store.checkpoints("p", 1))
        .extracting(Checkpoint::position)
        .containsExactly(0L, 7L, 0L);
  }

  @Test
  void anotherTokenOrPositionIsFencedBeforeTheWorkRuns() throws Exception {
    CheckpointStore<T> store = opened();
    long old = store.claimNext(ONE).token();
    store.commit(commit(old, 0, 7), transaction -> {});
    long token = store.claimNext(ONE).token();
    assertThat(token).isGreaterThan(old);
    AtomicBoolean ran = new AtomicBoolean();
    assertThatThrownBy(() -> store.commit(commit(old, 7, 9), transaction -> ran.set(true)))
        .isInstanceOf(FencedException.class)
        .hasMessageContaining("token " + token);
    assertThatThrownBy(() -> store.commit(commit(token, 5, 9), transaction -> ran.set(true)))
        .isInstanceOf(FencedException.class)
        .hasMessageContaining("position 7, not at 5");
    assertThat(ran).isFalse();
    assertThat(store.claim(ONE, token).position()).isEqualTo(7);
  }

  @Test
  void tokensFromLeasesOnlyRise() {
    CheckpointStore<T> store = opened();
    assertThat(store.claim(ONE, 17).token()).isEqualTo(17);
    assertThat(store.claim(ONE, 17).token()).isEqualTo(17);
    assertThatThrownBy(() -> store.claim(ONE, 16)).isInstanceOf(FencedException.class);
    assertThat(store.claim(ONE, 40).token()).isEqualTo(40);
  }

  @Test
  void workThatFailsStoresNothingAndItsExceptionComesBack() throws Exception {
    CheckpointStore<T> store = opened();
    long token = store.claimNext(ONE).token();
    Exception thrown = new java.sql.SQLException("mine");
    assertThatThrownBy(
            () ->
                store.commit(
                    commit(token, 0, 7, new Park(parked("s", 7), ParkedAction.NONE)),
                    transaction -> {
                      throw thrown;
                    }))
        .isSameAs(thrown);
    Checkpoint checkpoint = store.claim(ONE, token);
    assertThat(checkpoint.position()).isZero();
    assertThat(checkpoint.parked()).isEmpty();
  }

  @Test
  void parkedSourcesAreStoredWithTheCheckpoint() throws Exception {
    CheckpointStore<T> store = opened();
    long token = store.claimNext(ONE).token();
    String awkward = "source with 'quotes' and ünïcödé 🎈 " + "y".repeat(400);
    store.commit(
        commit(
            token,
            0,
            7,
            new Park(parked(awkward, 5), ParkedAction.NONE),
            new Park(parked("t", 7), ParkedAction.NONE)),
        transaction -> {});
    assertThat(store.request("p", 1, awkward, ParkedAction.RESUME)).isTrue();
    assertThat(store.request("p", 1, "unknown", ParkedAction.RESUME)).isFalse();
    store.commit(commit(token, 7, 9, new Extend(awkward, 9, 3)), transaction -> {});
    assertThat(store.claim(ONE, token).parked())
        .containsExactlyInAnyOrder(
            new ParkedSource(awkward, 1, 5, 9, 3, "x".repeat(1_000), ParkedAction.RESUME),
            new ParkedSource("t", 1, 7, 7, 1, "x".repeat(1_000), ParkedAction.NONE));
    store.commit(
        commit(
            token,
            9,
            9,
            new Release("t"),
            new Park(
                new ParkedSource(awkward, 1, 9, 9, 1, "again", ParkedAction.NONE),
                ParkedAction.RESUME)),
        transaction -> {});
    assertThat(store.checkpoints("p", 1).get(1).parked())
        .containsExactly(new ParkedSource(awkward, 1, 9, 9, 1, "again", ParkedAction.NONE));
    assertThat(store.checkpoints("p", 1).get(0).parked()).isEmpty();
  }

  @Test
  void whatIsAskedForWhileAnActionIsCarriedOutStays() throws Exception {
    CheckpointStore<T> store = opened();
    long token = store.claimNext(ONE).token();
    store.commit(
        commit(token, 0, 7, new Park(parked("s", 7), ParkedAction.NONE)), transaction -> {});
    assertThat(store.request("p", 1, "s", ParkedAction.RESUME)).isTrue();
    // Somebody replays it; meanwhile:
    assertThat(store.request("p", 1, "s", ParkedAction.SKIP_ALL)).isTrue();
    ParkedSource again = new ParkedSource("s", 1, 7, 7, 1, "again", ParkedAction.NONE);
    store.commit(commit(token, 7, 7, new Park(again, ParkedAction.RESUME)), transaction -> {});
    assertThat(store.checkpoints("p", 1).get(1).parked())
        .containsExactly(new ParkedSource("s", 1, 7, 7, 1, "again", ParkedAction.SKIP_ALL));
  }

  @Test
  void aSwitchWaitsForTheNewGenerationAndRetiresTheOld() throws Exception {
    CheckpointStore<T> store = opened();
    long token = store.claimNext(ONE).token();
    store.commit(commit(token, 0, 7), transaction -> {});
    store.open("p", 2, 1, false, LOG);
    ProjectionPartition next = new ProjectionPartition("p", 2, 0);
    long nextToken = store.claimNext(next).token();
    assertThatThrownBy(() -> store.switchOver("p", 1, 2, Duration.ofMillis(50), none -> {}))
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("position 0 of 7");
    store.commit(commit(token, 7, 8), transaction -> {});
    CompletableFuture<Void> switching =
        CompletableFuture.runAsync(
            () -> {
              try {
                store.switchOver("p", 1, 2, Eventually.PATIENCE, transaction -> {});
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    store.commit(new CheckpointCommit(next, nextToken, 0, 8, List.of()), transaction -> {});
    switching.get();
    assertThat(store.liveGeneration("p")).hasValue(2);
    assertThatThrownBy(() -> store.commit(commit(token, 8, 9), transaction -> {}))
        .isInstanceOf(FencedException.class)
        .hasMessageContaining("retired");
    assertThatThrownBy(() -> store.claimNext(ONE)).isInstanceOf(FencedException.class);
    assertThatThrownBy(() -> store.claim(ONE, 1_000_000)).isInstanceOf(FencedException.class);
    assertThatThrownBy(() -> store.open("p", 1, 3, true, LOG))
        .hasMessageContaining("replaced by 2");
    assertThatThrownBy(() -> store.switchOver("p", 1, 2, Duration.ZERO, transaction -> {}))
        .hasMessageContaining("is not live");
    assertThatThrownBy(() -> store.switchOver("p", 2, 3, Duration.ZERO, transaction -> {}))
        .hasMessageContaining("open it first");
    assertThatThrownBy(() -> store.forget("p", 2)).hasMessageContaining("is live");
    store.forget("p", 1);
    assertThat(store.checkpoints("p", 1)).isEmpty();
  }
}
