package io.varve.node.pipeline;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Wakes one sleeping thread. Ringing costs one volatile read while that thread is awake, or while
 * it could do nothing about the news.
 */
final class Doorbell {

  private static final int AWAKE = 0;

  /** Asleep; anything wakes. */
  private static final int LISTENING = 1;

  /** Asleep; only what must be heard wakes. */
  private static final int DEAF_TO_ARRIVALS = 2;

  private final AtomicInteger state = new AtomicInteger(AWAKE);
  private volatile @Nullable Thread sleeper;

  /** Something arrived. */
  void ringForArrival() {
    if (state.get() == LISTENING) {
      ring();
    }
  }

  /** Something happened that must be heard. */
  void ring() {
    if (state.getAndSet(AWAKE) != AWAKE) {
      LockSupport.unpark(sleeper);
    }
  }

  /**
   * Sleeps until rung or until the time is up; may also return for no reason.
   *
   * @param hearArrivals whether {@link #ringForArrival()} wakes
   * @param timeoutNanos how long at most; 0 = for as long as it takes
   * @param somethingToDo looked at after the bell is armed, so that no news is missed
   */
  void await(boolean hearArrivals, long timeoutNanos, BooleanSupplier somethingToDo) {
    sleeper = Thread.currentThread();
    state.set(hearArrivals ? LISTENING : DEAF_TO_ARRIVALS);
    if (!somethingToDo.getAsBoolean()) {
      if (timeoutNanos == 0) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, timeoutNanos);
      }
    }
    state.set(AWAKE);
  }
}
