package io.varve.node.cluster;

import com.codahale.metrics.Histogram;
import io.varve.node.cluster.Replicator.NotAppendedException;
import io.varve.node.cluster.Replicator.OutcomeUnknownException;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.ratis.ApplyListener;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.ClientInvocationId;
import org.jspecify.annotations.Nullable;

/**
 * Entries handed to Ratis by this process and not yet answered. Their outcomes come from apply, on
 * whatever role the node then has; Ratis's reply only matters when it is a failure.
 *
 * <p>The client id is random for each process, and a call id is never used twice: were one
 * repeated, Ratis would answer it with the earlier one's success. Bounded by what Ratis lets in
 * ({@link RaftTuning#pendingEntries}). Thread-safe.
 */
final class PendingEntries implements ApplyListener {

  private final ClientId clientId = ClientId.randomId();
  private final AtomicLong callIds = new AtomicLong();
  private final Map<Long, Pending> pending = new ConcurrentHashMap<>();
  private final List<LongConsumer> headListeners = new CopyOnWriteArrayList<>();
  private final AppliedIndexWaiters applied;
  private volatile @Nullable Histogram applyTime;

  /** One entry. */
  static final class Pending {
    private final long callId;
    private final CompletableFuture<List<Outcome>> future = new CompletableFuture<>();
    private volatile boolean logged;

    private Pending(long callId) {
      this.callId = callId;
    }

    long callId() {
      return callId;
    }

    CompletableFuture<List<Outcome>> future() {
      return future;
    }
  }

  PendingEntries(AppliedIndexWaiters applied) {
    this.applied = applied;
  }

  ClientId clientId() {
    return clientId;
  }

  /** A call id for a request that is no entry. */
  long nextCallId() {
    return callIds.incrementAndGet();
  }

  Pending add() {
    Pending entry = new Pending(callIds.incrementAndGet());
    pending.put(entry.callId, entry);
    return entry;
  }

  /**
   * Ends an entry that Ratis has refused or given up. Must be called only after its submission has
   * returned: then whether it was put into the log is settled.
   */
  void fail(Pending entry, Throwable cause) {
    pending.remove(entry.callId, entry);
    if (entry.logged) {
      entry.future.completeExceptionally(
          new OutcomeUnknownException("the entry was logged but not answered: " + cause, cause));
    } else {
      NotAppendedException e = new NotAppendedException("the entry was not logged: " + cause);
      e.initCause(cause);
      entry.future.completeExceptionally(e);
    }
  }

  /** Ends all entries: the node stops. */
  void failAll(Throwable cause) {
    pending.values().forEach(entry -> fail(entry, cause));
  }

  int size() {
    return pending.size();
  }

  /** Where the time of applying entries is noted, before the first is applied. */
  void measure(Histogram histogram) {
    applyTime = histogram;
  }

  void addHeadListener(LongConsumer listener) {
    headListeners.add(listener);
  }

  @Override
  public void onLogging(ClientInvocationId id) {
    if (id.getClientId().equals(clientId)) {
      Pending entry = pending.get(id.getLongId());
      if (entry != null) {
        entry.logged = true;
      }
    }
  }

  @Override
  public void onOutcomes(ClientInvocationId id, List<Outcome> outcomes) {
    if (id.getClientId().equals(clientId)) {
      Pending entry = pending.remove(id.getLongId());
      if (entry != null) {
        entry.future.complete(outcomes);
      }
    }
  }

  @Override
  public void onApplyTime(long nanos) {
    Histogram histogram = applyTime;
    if (histogram != null) {
      histogram.update(nanos);
    }
  }

  @Override
  public void onApplied(long index, long head) {
    applied.onApplied(index);
    for (LongConsumer listener : headListeners) {
      listener.accept(head);
    }
  }
}
