package io.varve.client.commands;

import io.varve.client.UnavailableException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * The threads on which {@code handle()} runs when nothing else was asked for: shared by the whole
 * process, since handlers may block on reads and so must not take a client's network threads.
 */
final class CommandThreads {

  /**
   * How many handlers run at once. More would serve handlers that wait, and cost those that do not:
   * with 64, a command took a tenth longer on two cores.
   */
  static final int MAX_THREADS = 16;

  /** How many more wait; beyond that commands are turned away. */
  static final int MAX_WAITING = 16_384;

  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private CommandThreads() {}

  /** Started when it is first used; idle threads end. */
  static Executor shared() {
    return Holder.SHARED;
  }

  /** Runs something on one of the threads and waits for it; what it throws comes through. */
  static <T> T call(Supplier<T> work) {
    CompletableFuture<T> done = new CompletableFuture<>();
    shared()
        .execute(
            () -> {
              try {
                done.complete(work.get());
              } catch (Throwable failure) {
                done.completeExceptionally(failure);
              }
            });
    try {
      return done.get();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new UnavailableException("interrupted while handle() was running", interrupted);
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      if (failed.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(failed.getCause());
    }
  }

  private static final class Holder {
    static final Executor SHARED = start();

    private static Executor start() {
      ThreadPoolExecutor threads =
          new ThreadPoolExecutor(
              MAX_THREADS,
              MAX_THREADS,
              10,
              TimeUnit.SECONDS,
              new LinkedBlockingQueue<>(MAX_WAITING),
              task -> {
                Thread thread = new Thread(task, "varve-command-" + NUMBERS.incrementAndGet());
                thread.setDaemon(true);
                return thread;
              });
      threads.allowCoreThreadTimeOut(true);
      return threads;
    }
  }
}
