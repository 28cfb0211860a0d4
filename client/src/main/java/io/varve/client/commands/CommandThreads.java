package io.varve.client.commands;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads on which {@code handle()} runs when nothing else was asked for: shared by the whole
 * process, since handlers may block on reads and so must not take a client's network threads.
 */
final class CommandThreads {

  /** How many handlers run at once. */
  static final int MAX_THREADS = 64;

  /** How many more wait; beyond that commands are turned away. */
  static final int MAX_WAITING = 16_384;

  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private CommandThreads() {}

  /** Started when it is first used; idle threads end. */
  static Executor shared() {
    return Holder.SHARED;
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
