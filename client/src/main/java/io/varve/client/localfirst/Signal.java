package io.varve.client.localfirst;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Tells a loop that there is something to look at. Thread-safe. */
final class Signal {

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition raised = lock.newCondition();
  private long count;

  /** How often it was raised: ask before looking, then wait for more than that. */
  long count() {
    lock.lock();
    try {
      return count;
    } finally {
      lock.unlock();
    }
  }

  void raise() {
    lock.lock();
    try {
      count++;
      raised.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until it has been raised since {@code seen}, or a time has passed. */
  void await(long seen, long nanos) throws InterruptedException {
    long left = nanos;
    lock.lockInterruptibly();
    try {
      while (count == seen && left > 0) {
        left = raised.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /** As long as it takes: any wake-up is as good as another. */
  void await(long seen) throws InterruptedException {
    await(seen, TimeUnit.HOURS.toNanos(1));
  }
}
