package io.varve.node.cluster;

import com.codahale.metrics.Histogram;
import com.google.protobuf.ByteString;
import io.varve.node.cluster.Replicator.NotAppendedException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Linearizable reads. A read index is the leader's commit index, once a majority has confirmed,
 * after it was asked for, that it leads. Every node waits until it has applied that far. Both the
 * asking and, on the leader, the confirming are shared by all who wait. Thread-safe.
 */
final class ReadIndexes implements AutoCloseable {

  private final Peers peers;
  private final AppliedIndexWaiters applied;
  private final Duration roundTimeout;
  private final Histogram time;
  private final SharedRounds<Long> confirmations;
  private final SharedRounds<Void> barriers;

  private volatile @Nullable Place place;

  /** The running Raft server and the cluster it is of. */
  private record Place(ByteString clusterId, RaftMember raft) {}

  ReadIndexes(
      RaftTuning tuning,
      Peers peers,
      AppliedIndexWaiters applied,
      ScheduledExecutorService timer,
      Histogram time) {
    this.time = time;
    this.peers = peers;
    this.applied = applied;
    // A majority that does not answer within the time of an election will not.
    this.roundTimeout = tuning.electionTimeoutMin();
    this.confirmations = new SharedRounds<>(this::confirm, timer, Duration.ZERO, roundTimeout);
    this.barriers =
        new SharedRounds<>(this::passBarrier, timer, tuning.readTimeout(), tuning.readTimeout());
  }

  void member(ByteString clusterId, RaftMember raft) {
    place = new Place(clusterId, raft);
  }

  void noMember() {
    place = null;
  }

  /** Completes when whatever was acknowledged before this call is applied here. */
  CompletableFuture<Void> barrier() {
    return barriers
        .await()
        .exceptionallyCompose(
            e -> {
              NotAppendedException failure =
                  new NotAppendedException("no majority confirmed the read in time: " + e);
              failure.initCause(e);
              return CompletableFuture.failedFuture(failure);
            });
  }

  /** A read index, if this node leads. */
  CompletableFuture<Long> asLeader() {
    return confirmations.await();
  }

  private CompletableFuture<Long> confirm() {
    return here().raft.readIndex();
  }

  private CompletableFuture<Void> passBarrier() {
    long began = System.nanoTime();
    Place here = here();
    CompletableFuture<Long> index;
    if (here.raft.leads()) {
      index = asLeader();
    } else {
      String leader =
          here.raft.leader().orElseThrow(() -> new IllegalStateException("no leader is known"));
      index = peers.readIndex(leader, here.clusterId, roundTimeout.multipliedBy(2));
    }
    return index.thenCompose(applied::await).thenRun(() -> time.update(System.nanoTime() - began));
  }

  private Place here() {
    Place here = place;
    if (here == null) {
      throw new CompletionException(
          new IllegalStateException("this node takes no part in a cluster yet"));
    }
    return here;
  }

  @Override
  public void close() {
    barriers.close();
    confirmations.close();
  }
}
