package io.varve.gateway.http;

import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Threads for what must not run on an event loop: parsing bodies (long) and paging (waits for the
 * cluster). Bounded threads, bounded queue: beyond that callers are told to come back. Thread-safe.
 */
final class Workers implements AutoCloseable {
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final long IDLE_SECONDS = 30;

  private final String what;
  private final ThreadPoolExecutor threads;

  /**
   * Threads.
   *
   * @param name of the threads
   * @param what what they do, for people
   * @param count how many there are at most
   * @param queue how many tasks may wait
   */
  Workers(String name, String what, int count, int queue) {
    this.what = what;
    AtomicInteger number = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            count,
            count,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(queue),
            task -> {
              Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /** Runs a task soon; the future fails with what it throws, or {@code OVERLOADED}. */
  <T> CompletableFuture<T> run(Supplier<T> task) {
    try {
      return CompletableFuture.supplyAsync(task, threads);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(
          new ProblemException(
              threads.isShutdown()
                  ? Problem.of(ProblemCode.UNAVAILABLE, "the gateway is stopping").retryAfter(RETRY)
                  : Problem.of(
                          ProblemCode.OVERLOADED, "too many requests wait for " + what + " here")
                      .retryAfter(RETRY)));
    }
  }

  /** Ends what runs, without waiting for it. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
