package io.varve.node.cluster;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.grpc.server.GrpcLogAppender;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.raftlog.RaftLogIOException;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.util.AwaitForSignal;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;

/**
 * Ratis's sender to one follower, with four of its habits changed.
 *
 * <p>A follower that has everything learns a new commit index at once. Ratis wakes the sender for
 * it, but the sender then finds no entries and sends nothing until the next heartbeat.
 *
 * <p>What is asked of the sender while it is busy is done when it is free. Ratis's forgets a
 * heartbeat that is wanted after a message was composed and before it is sent, and a signal that
 * comes before it waits for one; either was then left to the next heartbeat, half a second later.
 *
 * <p>A snapshot is sent only to a follower that has answered just now. When the first connection
 * fails (and after a node was down, it does: gRPC is still backing off) Ratis's sender fills its
 * window, and waits for answers to come until the whole request times out; that is why an
 * installation of a few megabytes could take half a minute. See {@link PacedRequests} for what
 * happens when the follower goes away in the middle.
 *
 * <p>A sender without a stream and without anything to send rests. Ratis's looks again at once, and
 * keeps a processor busy until the next heartbeat is due.
 */
final class TrackedAppender extends GrpcLogAppender {

  /**
   * How long an installation waits for the answer to one piece: for the follower's disk, mostly.
   */
  private static final Duration INSTALL_PATIENCE = Duration.ofSeconds(10);

  /** How long the sender waits after it found nothing to send; it is woken earlier if there is. */
  private static final long IDLE_MILLIS = 5;

  private final LogAppenders appenders;
  private final AwaitForSignal wakeUp;

  /** An answer is waited for to a message with this call id, or a later one. */
  private final AtomicLong awaitedCallId = new AtomicLong();

  // Of the message that is under way; these are the sender's own.
  private long composedCallId;
  private long composedCommitIndex;

  private volatile boolean idle;

  TrackedAppender(
      RaftServer.Division server,
      LeaderState state,
      FollowerInfo follower,
      LogAppenders appenders) {
    super(
        server,
        new ObservedLeaderState(
            state, (sender, reply) -> appenders.onReply((TrackedAppender) sender, reply)),
        follower);
    this.appenders = appenders;
    this.wakeUp = new LastingSignal(toString());
    appenders.add(this);
  }

  @Override
  public AwaitForSignal getEventAwaitForSignal() {
    return wakeUp;
  }

  /** Sends the follower something with this call id or a later one, as soon as may be. */
  void sendFrom(long callId) {
    awaitedCallId.accumulateAndGet(callId, (a, b) -> b - a > 0 ? b : a);
    triggerHeartbeat();
  }

  /** Called by the sender's own thread, when it sends what was composed. */
  @Override
  protected void resetHeartbeatTrigger() {
    super.resetHeartbeatTrigger();
    boolean committed = getRaftLog().getLastCommittedIndex() > composedCommitIndex;
    // Entries that wait will say what is committed.
    if (awaitedCallId.get() - composedCallId > 0 || (committed && !hasAppendEntries())) {
      triggerHeartbeat();
    }
  }

  @Override
  public CompletableFuture<LifeCycle.State> stopAsync() {
    appenders.remove(this);
    return super.stopAsync();
  }

  @Override
  public @Nullable SnapshotInfo shouldInstallSnapshot() {
    SnapshotInfo snapshot = super.shouldInstallSnapshot();
    return snapshot != null && isInContact() ? snapshot : null;
  }

  @Override
  public @Nullable AppendEntriesRequestProto newAppendEntriesRequest(long callId, boolean heartbeat)
      throws RaftLogIOException {
    composedCallId = callId;
    composedCommitIndex = getRaftLog().getLastCommittedIndex();
    AppendEntriesRequestProto request = request(callId, heartbeat);
    idle = request == null;
    return request;
  }

  private @Nullable AppendEntriesRequestProto request(long callId, boolean heartbeat)
      throws RaftLogIOException {
    if (!heartbeat && !isInContact() && super.shouldInstallSnapshot() != null) {
      return isKnocking() ? null : super.newAppendEntriesRequest(callId, true);
    }
    AppendEntriesRequestProto request = super.newAppendEntriesRequest(callId, heartbeat);
    if (request == null && owesCommitIndex()) {
      return super.newAppendEntriesRequest(callId, true);
    }
    return request;
  }

  @Override
  public Iterable<InstallSnapshotRequestProto> newInstallSnapshotRequests(
      String requestId, SnapshotInfo snapshot) {
    Iterable<InstallSnapshotRequestProto> requests =
        super.newInstallSnapshotRequests(requestId, snapshot);
    FollowerInfo follower = getFollower();
    // Each error is reported once: those from before are not this installation's.
    var unused = follower.getErrorState().getErrorCountToDelay();
    return () ->
        new PacedRequests<>(
            requests.iterator(),
            follower::getLastRpcResponseTime,
            () -> !isRunning() || follower.getErrorState().getErrorCountToDelay() > 0,
            INSTALL_PATIENCE);
  }

  /** Called by the sender's own thread, before it waits for something to do. */
  @Override
  public long getWaitTimeMs() {
    long millis = super.getWaitTimeMs();
    return idle ? Math.max(millis, IDLE_MILLIS) : millis;
  }

  /** Whether the follower has answered within the time after which it would miss its leader. */
  private boolean isInContact() {
    return getFollower().getLastRpcResponseTime().elapsedTimeMs()
        < getServer().properties().minRpcTimeoutMs();
  }

  /** Whether a follower that does not answer was sent something just now. */
  private boolean isKnocking() {
    return getFollower().getLastHeartbeatSendTime().elapsedTimeMs()
        < getServer().properties().minRpcTimeoutMs() / 8;
  }

  /** Whether there is nothing to tell the follower but how far it may apply. */
  boolean owesCommitIndex() {
    return getFollower().getCommitIndex() < getRaftLog().getLastCommittedIndex()
        && !hasAppendEntries()
        && !hasPendingDataRequests();
  }
}
