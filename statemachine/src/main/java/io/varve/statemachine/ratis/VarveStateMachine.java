package io.varve.statemachine.ratis;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.varve.statemachine.LogCore;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.snapshot.LiveStore;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.protocol.ClientInvocationId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands committed entries to the core, one after the other, on Ratis's apply thread.
 *
 * <p>Ratis replays from its newest snapshot, whatever the store holds: entries the store already
 * has are passed over. An exception anywhere in apply halts the node, for Ratis would log it and go
 * on with the next entry.
 */
public final class VarveStateMachine extends BaseStateMachine {

  private static final Logger LOG = LoggerFactory.getLogger(VarveStateMachine.class);

  /** Ratis's own bytes around one entry, roughly. */
  private static final long ENTRY_OVERHEAD_BYTES = 64;

  private final LiveStore store;
  private final ApplyListener listener;
  private final Halt halt;
  private final RatisSnapshots snapshots;

  /** The newest index Ratis has handed over, which may lie before the store's. */
  private volatile long delivered = RaftLog.INVALID_LOG_INDEX;

  private final AtomicLong snapshotsInstalled = new AtomicLong();
  private volatile boolean halted;
  private volatile boolean replaying = true;

  /**
   * @param store the store; stays the caller's to close, after the Raft server
   * @param listener hears of outcomes
   * @param halt what to do when an entry cannot be applied
   * @param policy when to take snapshots
   */
  public VarveStateMachine(
      LiveStore store, ApplyListener listener, Halt halt, SnapshotPolicy policy) {
    this.store = store;
    this.listener = listener;
    this.halt = halt;
    this.snapshots = new RatisSnapshots(policy);
  }

  /** How many snapshots this node was sent and has adopted since it started. */
  public long snapshotsInstalled() {
    return snapshotsInstalled.get();
  }

  /** The snapshots of this node. */
  public RatisSnapshots snapshots() {
    return snapshots;
  }

  @Override
  public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage storage)
      throws IOException {
    getLifeCycle()
        .startAndTransition(
            () -> {
              super.initialize(server, groupId, storage);
              snapshots.init(storage);
              adoptNewerSnapshot();
              snapshots.start(server, groupId, () -> store.core().flush());
            },
            IOException.class);
  }

  /** A snapshot newer than the store becomes the store. */
  private void adoptNewerSnapshot() {
    snapshots
        .newest()
        .filter(snapshot -> snapshot.index() > store.core().appliedIndex())
        .ifPresent(
            snapshot -> {
              LOG.info(
                  "{}: the store is at index {}; replacing it by the snapshot at {}",
                  getId(),
                  store.core().appliedIndex(),
                  snapshot.index());
              long started = System.nanoTime();
              store.replace(snapshot);
              LOG.info(
                  "{}: replaced the store ({} bytes) in {} ms",
                  getId(),
                  snapshot.bytes(),
                  (System.nanoTime() - started) / 1_000_000);
            });
    long newest = snapshots.newest().map(s -> s.index()).orElse(RaftLog.INVALID_LOG_INDEX);
    delivered = newest;
    replaying = newest < store.core().appliedIndex();
    setLastAppliedTermIndex(
        TermIndex.valueOf(store.core().appliedTerm(), store.core().appliedIndex()));
  }

  @Override
  public StateMachineStorage getStateMachineStorage() {
    return snapshots;
  }

  @Override
  public @Nullable SnapshotInfo getLatestSnapshot() {
    return snapshots.getLatestSnapshot();
  }

  @Override
  public TransactionContext preAppendTransaction(TransactionContext transaction) {
    RaftClientRequest request = transaction.getClientRequest();
    if (request != null) {
      listener.onLogging(ClientInvocationId.valueOf(request));
    }
    return transaction;
  }

  @Override
  public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
    orHalt(() -> apply(transaction.getLogEntry()));
    return CompletableFuture.completedFuture(Message.EMPTY);
  }

  private void orHalt(Runnable work) {
    if (halted) {
      throw new IllegalStateException("halted");
    }
    try {
      work.run();
    } catch (Throwable e) {
      halted = true;
      halt.halt("cannot apply a committed entry", e);
      // Ends Ratis's apply thread, where the halt above returns.
      throw new IllegalStateException("halted", e);
    }
  }

  private void apply(LogEntryProto entry) {
    long term = entry.getTerm();
    long index = entry.getIndex();
    StateMachineLogEntryProto body = entry.getStateMachineLogEntry();
    ByteString command = UnsafeByteOperations.unsafeWrap(body.getLogData().asReadOnlyByteBuffer());
    LogCore core = store.core();
    if (index > core.appliedIndex()) {
      long began = System.nanoTime();
      List<Outcome> outcomes = core.apply(term, index, command);
      listener.onApplyTime(System.nanoTime() - began);
      setLastAppliedTermIndex(TermIndex.valueOf(term, index));
      listener.onOutcomes(ClientInvocationId.valueOf(body), outcomes);
      listener.onApplied(index, core.reader().head());
    }
    passed(index, command.size());
  }

  /** Configuration and metadata entries. */
  @Override
  public void notifyTermIndexUpdated(long term, long index) {
    orHalt(() -> advance(term, index));
  }

  private void advance(long term, long index) {
    LogCore core = store.core();
    if (index > core.appliedIndex()) {
      core.advance(term, index);
      setLastAppliedTermIndex(TermIndex.valueOf(term, index));
      listener.onApplied(index, core.reader().head());
    }
    passed(index, 0);
  }

  private void passed(long index, long bytes) {
    delivered = index;
    if (replaying && index >= store.core().appliedIndex()) {
      replaying = false;
    }
    snapshots.logged(bytes + ENTRY_OVERHEAD_BYTES, !replaying);
  }

  /**
   * Takes a snapshot. Apply is held for the checkpoint only; checksums and the rename follow on
   * another thread.
   *
   * @return up to which index the Raft log may be purged, or −1
   */
  @Override
  public long takeSnapshot() {
    LogCore core = store.core();
    if (halted || replaying || delivered != core.appliedIndex()) {
      // Ratis is behind the store, so the checkpoint would be of an index it has not come to.
      return RaftLog.INVALID_LOG_INDEX;
    }
    return snapshots.take(core);
  }

  @Override
  public void pause() {
    getLifeCycle().transition(LifeCycle.State.PAUSING);
    snapshots.pause();
    getLifeCycle().transition(LifeCycle.State.PAUSED);
  }

  /** After Ratis has published an installed snapshot, on the apply thread. */
  @Override
  public void reinitialize() throws IOException {
    try {
      snapshots.resume();
      adoptNewerSnapshot();
      snapshotsInstalled.incrementAndGet();
    } catch (Throwable e) {
      halted = true;
      halt.halt("cannot adopt an installed snapshot", e);
      throw new IOException("halted", e);
    }
    if (getLifeCycleState() == LifeCycle.State.PAUSED) {
      getLifeCycle().transition(LifeCycle.State.STARTING);
      getLifeCycle().transition(LifeCycle.State.RUNNING);
    }
    listener.onApplied(store.core().appliedIndex(), store.core().reader().head());
  }

  @Override
  public void close() {
    snapshots.close();
  }
}
