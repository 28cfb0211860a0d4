package io.varve.client.projections;

import io.varve.client.OverloadedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Those who wait for a position. Thread-safe; never runs a caller's code under its lock. */
final class Waiters {

  /** Bounds the memory that forgotten futures take. */
  static final int MAX = 10_000;

  private record Waiter(long position, CompletableFuture<Applied> future) {}

  private final PriorityQueue<Waiter> waiting =
      new PriorityQueue<>(Comparator.comparingLong(Waiter::position));
  private final Progress progress;
  private long highest;
  private @Nullable Throwable over;

  Waiters(Progress progress) {
    this.progress = progress;
  }

  CompletableFuture<Applied> add(long position) {
    CompletableFuture<Applied> future = new CompletableFuture<>();
    Throwable failure;
    synchronized (this) {
      failure = over;
      if (failure == null && waiting.size() >= MAX) {
        waiting.removeIf(waiter -> waiter.future().isDone());
        if (waiting.size() >= MAX) {
          failure =
              new OverloadedException(
                  "more than " + MAX + " callers await positions of this projection",
                  Duration.ofSeconds(1));
        }
      }
      if (failure == null) {
        waiting.add(new Waiter(position, future));
        highest = Math.max(highest, position);
        progress.awaited(highest);
      }
    }
    if (failure != null) {
      future.completeExceptionally(failure);
    }
    return future;
  }

  synchronized boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Everything up to a position has been applied, but for these. */
  void reached(long position, List<ParkedSource> parked) {
    List<Waiter> done = new ArrayList<>();
    synchronized (this) {
      while (!waiting.isEmpty() && waiting.peek().position() <= position) {
        done.add(waiting.remove());
      }
      if (waiting.isEmpty()) {
        highest = 0;
        progress.awaited(0);
      }
    }
    for (Waiter waiter : done) {
      Set<String> withheld = new HashSet<>();
      for (ParkedSource source : parked) {
        if (source.firstPosition() <= waiter.position()) {
          withheld.add(source.source());
        }
      }
      waiter.future().complete(new Applied(waiter.position(), withheld));
    }
  }

  /** Nothing more will be applied. */
  void fail(Throwable why) {
    List<Waiter> all;
    synchronized (this) {
      over = over == null ? why : over;
      all = List.copyOf(waiting);
      waiting.clear();
      progress.awaited(0);
    }
    all.forEach(waiter -> waiter.future().completeExceptionally(why));
  }
}
