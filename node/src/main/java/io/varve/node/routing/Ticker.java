package io.varve.node.routing;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Calls sessions regularly that wait for what no event tells them. Runs only while there are any.
 */
final class Ticker implements AutoCloseable {

  private final long periodNanos;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "varve-append-ticker");
            thread.setDaemon(true);
            return thread;
          });
  private final Set<AppendSession> sessions = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean scheduled = new AtomicBoolean();

  Ticker(Duration period) {
    this.periodNanos = period.toNanos();
  }

  void add(AppendSession session) {
    if (sessions.add(session)) {
      scheduleIfNeeded();
    }
  }

  void remove(AppendSession session) {
    sessions.remove(session);
  }

  private void scheduleIfNeeded() {
    if (!sessions.isEmpty() && scheduled.compareAndSet(false, true)) {
      try {
        var unused = timer.schedule(this::tick, periodNanos, TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        // Closed: the node is stopping, and its server ends every call.
        scheduled.set(true);
      }
    }
  }

  private void tick() {
    scheduled.set(false);
    for (AppendSession session : sessions) {
      session.tick();
    }
    scheduleIfNeeded();
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
