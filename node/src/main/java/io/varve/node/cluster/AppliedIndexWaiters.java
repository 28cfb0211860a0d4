package io.varve.node.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** Wakes whoever waits for a Raft index to be applied here. Thread-safe. */
final class AppliedIndexWaiters {

  private final NavigableMap<Long, CompletableFuture<Void>> waiters = new TreeMap<>();
  private long applied;

  AppliedIndexWaiters(long applied) {
    this.applied = applied;
  }

  /** Completes once the index is applied, on the apply thread or at once. */
  CompletableFuture<Void> await(long index) {
    synchronized (this) {
      if (index <= applied) {
        return CompletableFuture.completedFuture(null);
      }
      return waiters.computeIfAbsent(index, key -> new CompletableFuture<>());
    }
  }

  void onApplied(long index) {
    List<CompletableFuture<Void>> reached = List.of();
    synchronized (this) {
      applied = Math.max(applied, index);
      if (!waiters.isEmpty()) {
        NavigableMap<Long, CompletableFuture<Void>> upTo = waiters.headMap(applied, true);
        reached = new ArrayList<>(upTo.values());
        upTo.clear();
      }
    }
    reached.forEach(future -> future.complete(null));
  }
}
