package io.varve.cli.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/**
 * Slots that each have exactly one operation under way. There is no thread per slot; the next
 * operation is issued where the answer to the last one arrives.
 */
final class ClosedLoop {

  /** After a failure a slot waits this long, so that a lost cluster is not flooded. */
  private static final Duration PAUSE_AFTER_FAILURE = Duration.ofMillis(50);

  private static final Duration STOP_DEADLINE = Duration.ofSeconds(20);

  private final List<Slot> slots = new ArrayList<>();
  private final CountDownLatch idle;
  private volatile boolean stopped;

  /** What slots do. */
  interface Work {

    /** Issues the next operation; calls {@link Slot#done()} or {@link Slot#failed} afterwards. */
    void issue(Slot slot);
  }

  ClosedLoop(int slots, IntFunction<Work> work) {
    this.idle = new CountDownLatch(slots);
    for (int i = 0; i < slots; i++) {
      this.slots.add(new Slot(work.apply(i)));
    }
  }

  void start() {
    slots.forEach(Slot::next);
  }

  boolean stopped() {
    return stopped;
  }

  /** Issues nothing more, and waits, within bounds, until what is under way has been answered. */
  void stop() throws InterruptedException {
    stopped = true;
    // What hangs longer is reported by nobody: the measurement is over.
    var unused = idle.await(STOP_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** One operation under way, again and again. */
  final class Slot {
    private final Work work;

    /** Guarded by this: an answer may arrive before the call that asked for it has returned. */
    private boolean issuing;

    private boolean answered;

    private Slot(Work work) {
      this.work = work;
    }

    /** A loop and not a recursion when answers arrive at once. */
    private void next() {
      boolean again;
      do {
        if (stopped) {
          idle.countDown();
          return;
        }
        synchronized (this) {
          issuing = true;
          answered = false;
        }
        work.issue(this);
        synchronized (this) {
          issuing = false;
          again = answered;
        }
      } while (again);
    }

    /** The operation is over. */
    void done() {
      synchronized (this) {
        if (issuing) {
          answered = true;
          return;
        }
      }
      next();
    }

    /** The operation failed: after a pause, does something else first. */
    void failed(Runnable then) {
      CompletableFuture.delayedExecutor(PAUSE_AFTER_FAILURE.toMillis(), TimeUnit.MILLISECONDS)
          .execute(then);
    }
  }
}
