package io.varve.deployment;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for conditions, never for time. */
final class Eventually {
  private static final Duration LOOK_EVERY = Duration.ofMillis(50);

  private Eventually() {}

  /** Returns once it holds; fails if it does not within the limit. */
  static void holds(String what, Duration limit, BooleanSupplier condition) {
    value(what, limit, () -> condition.getAsBoolean() ? Optional.of(true) : Optional.empty());
  }

  /** Returns the value once there is one; fails if there is none within the limit. */
  static <T> T value(String what, Duration limit, Supplier<Optional<T>> probe) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      Optional<T> value = probe.get();
      if (value.isPresent()) {
        return value.get();
      }
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("waited " + limit + " in vain: " + what);
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
    }
  }
}
