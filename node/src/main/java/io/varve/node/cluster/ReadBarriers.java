package io.varve.node.cluster;

import io.varve.node.cluster.Replicator.NotAppendedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Shares read indexes. One round runs at a time; whoever arrives while it does is served by the
 * next, for the running one's index may be older than the call. A round that fails is tried again
 * until each waiter's time is over. Thread-safe.
 */
final class ReadBarriers {

  private static final long RETRY_MILLIS = 20;

  private final Supplier<CompletableFuture<?>> round;
  private final ScheduledExecutorService timer;
  private final long timeoutNanos;

  private List<Waiter> waiting = new ArrayList<>();
  private boolean running;
  private boolean closed;

  private record Waiter(CompletableFuture<Void> future, long deadlineNanos) {}

  /**
   * @param round takes one read index and completes when it is applied here
   * @param timer for retries and deadlines
   * @param timeout how long a caller waits
   */
  ReadBarriers(
      Supplier<CompletableFuture<?>> round, ScheduledExecutorService timer, Duration timeout) {
    this.round = round;
    this.timer = timer;
    this.timeoutNanos = timeout.toNanos();
  }

  CompletableFuture<Void> await() {
    CompletableFuture<Void> future = new CompletableFuture<>();
    boolean start;
    synchronized (this) {
      if (closed) {
        return CompletableFuture.failedFuture(new NotAppendedException("the node is closed"));
      }
      waiting.add(new Waiter(future, System.nanoTime() + timeoutNanos));
      start = !running;
      running = true;
    }
    if (start) {
      runRound();
    }
    return future;
  }

  private void runRound() {
    List<Waiter> served;
    synchronized (this) {
      served = waiting;
      waiting = new ArrayList<>();
      if (served.isEmpty()) {
        running = false;
        return;
      }
    }
    CompletableFuture<?> attempt;
    try {
      attempt = round.get();
    } catch (RuntimeException e) {
      attempt = CompletableFuture.failedFuture(e);
    }
    var unused =
        attempt.whenComplete(
            (result, e) -> {
              if (e == null) {
                // The next round first: those completed here may take their time.
                runRoundLater(0);
                served.forEach(waiter -> waiter.future.complete(null));
              } else {
                retry(served, e);
              }
            });
  }

  private void retry(List<Waiter> served, Throwable cause) {
    long now = System.nanoTime();
    List<Waiter> expired = new ArrayList<>();
    synchronized (this) {
      for (Waiter waiter : served) {
        (waiter.deadlineNanos - now > 0 && !closed ? waiting : expired).add(waiter);
      }
    }
    runRoundLater(RETRY_MILLIS);
    for (Waiter waiter : expired) {
      NotAppendedException e =
          new NotAppendedException("no majority confirmed the read in time: " + cause);
      e.initCause(cause);
      waiter.future.completeExceptionally(e);
    }
  }

  private void runRoundLater(long delayMillis) {
    synchronized (this) {
      if (waiting.isEmpty()) {
        running = false;
        return;
      }
    }
    try {
      var unused = timer.schedule(this::runRound, delayMillis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      close();
    }
  }

  /** Fails whoever waits. */
  void close() {
    List<Waiter> left;
    synchronized (this) {
      closed = true;
      left = waiting;
      waiting = new ArrayList<>();
    }
    left.forEach(
        waiter ->
            waiter.future.completeExceptionally(new NotAppendedException("the node is closed")));
  }
}
