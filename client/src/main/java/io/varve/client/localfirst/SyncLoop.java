package io.varve.client.localfirst;

import io.varve.client.ClientClosedException;
import io.varve.client.RetryPolicy;
import io.varve.client.internal.Backoff;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that does one round of work after the other until it is closed, and waits longer after
 * each failure in a row. An interrupt is not an end: it says that there is something new to look
 * at. Thread-safe.
 */
final class SyncLoop {
  private static final Logger LOG = LoggerFactory.getLogger(SyncLoop.class);

  private final Context context;
  private final Round round;
  private final Signal signal = new Signal();
  private final Thread thread;
  private volatile boolean closed;
  private volatile Link link = Link.UNKNOWN;

  SyncLoop(String name, Context context, Round round) {
    this.context = context;
    this.round = round;
    this.thread = new Thread(this::run, name);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  Link link() {
    return link;
  }

  void link(Link now) {
    if (!now.equals(link)) {
      link = now;
      context.linkChanged();
    }
  }

  Signal signal() {
    return signal;
  }

  /** Cuts short whatever is under way: look again. */
  void interrupt() {
    signal.raise();
    thread.interrupt();
  }

  /** Ends it; {@link #join} waits for that. */
  void close() {
    closed = true;
    interrupt();
  }

  /** Waits until the loop has ended; false if the caller was interrupted meanwhile. */
  boolean join() {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    return !interrupted;
  }

  private void run() {
    Backoff backoff = new Backoff(context.retry());
    while (!closed) {
      long seen = signal.count();
      try {
        if (context.offline()) {
          link(Link.UNKNOWN);
          signal.await(seen);
          continue;
        }
        try {
          round.perform(seen);
          backoff = new Backoff(context.retry());
        } catch (GatewayException e) {
          link(Link.down(e.problem()));
          pause(backoff.nextNanos(e.retryAfter().toNanos()));
        } catch (ClientClosedException e) {
          return;
        } catch (RuntimeException e) {
          LOG.error("a round of {} failed for a reason that nobody expected", thread.getName(), e);
          link(Link.down(new LocalProblem("INTERNAL", String.valueOf(e))));
          pause(backoff.nextNanos(0));
        }
      } catch (InterruptedException e) {
        // Look again.
      }
    }
  }

  /** New events to send are no reason to ask a gateway sooner that has just failed. */
  private void pause(long nanos) throws InterruptedException {
    Thread.sleep(nanos / 1_000_000, (int) (nanos % 1_000_000));
  }

  /** One round: returns when there is reason to look again. */
  @FunctionalInterface
  interface Round {
    void perform(long seen) throws GatewayException, InterruptedException;
  }

  /** What loops ask the buffer. */
  interface Context {
    boolean offline();

    RetryPolicy retry();

    void linkChanged();
  }
}
