package io.varve.node.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Something that many want, done once for all who wait. One round runs at a time; whoever arrives
 * while it does is served by the next, for the running one may have begun too early for the call. A
 * round that fails is tried again until each waiter's time is over. Thread-safe.
 */
final class SharedRounds<T> {

  private static final long RETRY_MILLIS = 20;

  private final Supplier<CompletableFuture<T>> round;
  private final ScheduledExecutorService timer;
  private final long timeoutNanos;
  private final long roundMillis;

  private List<Waiter<T>> waiting = new ArrayList<>();

  /** Those the running round is for. */
  private List<Waiter<T>> served = List.of();

  private boolean running;
  private boolean closed;

  private record Waiter<T>(CompletableFuture<T> future, long deadlineNanos) {}

  /**
   * @param round what to do
   * @param timer for retries and time limits
   * @param timeout how long a caller waits
   * @param roundTimeout after how long a round counts as failed
   */
  SharedRounds(
      Supplier<CompletableFuture<T>> round,
      ScheduledExecutorService timer,
      Duration timeout,
      Duration roundTimeout) {
    this.round = round;
    this.timer = timer;
    this.timeoutNanos = timeout.toNanos();
    this.roundMillis = roundTimeout.toMillis();
  }

  /**
   * The result of a round that begins after this call. Fails with what the last round in the
   * caller's time failed with.
   */
  CompletableFuture<T> await() {
    CompletableFuture<T> future = new CompletableFuture<>();
    boolean start;
    synchronized (this) {
      if (closed) {
        return CompletableFuture.failedFuture(new IllegalStateException("the node is closed"));
      }
      waiting.add(new Waiter<>(future, System.nanoTime() + timeoutNanos));
      start = !running;
      running = true;
    }
    if (start) {
      runRound();
    }
    return future;
  }

  private void runRound() {
    List<Waiter<T>> now;
    synchronized (this) {
      now = waiting;
      served = now;
      waiting = new ArrayList<>();
      if (now.isEmpty()) {
        running = false;
        return;
      }
    }
    CompletableFuture<T> attempt;
    try {
      attempt = round.get();
    } catch (RuntimeException e) {
      attempt = CompletableFuture.failedFuture(e);
    }
    var unused =
        attempt
            .orTimeout(roundMillis, TimeUnit.MILLISECONDS)
            .whenComplete(
                (result, e) -> {
                  if (e == null) {
                    // The next round first: those completed here may take their time.
                    runRoundLater(0);
                    now.forEach(waiter -> waiter.future.complete(result));
                  } else {
                    retry(now, e);
                  }
                });
  }

  private void retry(List<Waiter<T>> failed, Throwable cause) {
    long now = System.nanoTime();
    List<Waiter<T>> expired = new ArrayList<>();
    synchronized (this) {
      for (Waiter<T> waiter : failed) {
        (waiter.deadlineNanos - now > 0 && !closed ? waiting : expired).add(waiter);
      }
    }
    runRoundLater(RETRY_MILLIS);
    expired.forEach(waiter -> waiter.future.completeExceptionally(cause));
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
    List<Waiter<T>> left;
    synchronized (this) {
      closed = true;
      left = new ArrayList<>(waiting);
      left.addAll(served);
      waiting = new ArrayList<>();
      served = List.of();
    }
    IllegalStateException e = new IllegalStateException("the node is closed");
    left.forEach(waiter -> waiter.future.completeExceptionally(e));
  }
}
