package io.varve.faults;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for conditions. The pause between two looks is the only use of time. */
final class Await {
  private static final Duration LOOK_EVERY = Duration.ofMillis(20);

  private Await() {}

  /**
   * Waits until the condition holds.
   *
   * @throws AssertionError if it does not within the limit
   */
  static void until(String what, Duration limit, BooleanSupplier condition) {
    until(what, limit, condition, () -> "");
  }

  /**
   * Waits until the condition holds.
   *
   * @param seen tells, when the limit has passed, what was there instead
   * @throws AssertionError if it does not within the limit
   */
  static void until(String what, Duration limit, BooleanSupplier condition, Supplier<String> seen) {
    AtomicReference<Boolean> held = new AtomicReference<>(false);
    poll(
        limit,
        () -> {
          held.set(condition.getAsBoolean());
          return held.get();
        });
    if (!held.get()) {
      throw new AssertionError("waited " + limit + " in vain for " + what + suffix(seen));
    }
  }

  /**
   * Waits until the probe finds a value.
   *
   * @throws AssertionError if it finds none within the limit
   */
  static <T> T value(String what, Duration limit, Supplier<Optional<T>> probe) {
    AtomicReference<Optional<T>> found = new AtomicReference<>(Optional.empty());
    poll(
        limit,
        () -> {
          found.set(probe.get());
          return found.get().isPresent();
        });
    return found
        .get()
        .orElseThrow(() -> new AssertionError("waited " + limit + " in vain for " + what));
  }

  /**
   * Looks again and again for the whole period.
   *
   * @throws AssertionError as soon as the condition does not hold
   */
  static void throughout(
      String what, Duration period, BooleanSupplier condition, Supplier<String> seen) {
    poll(
        period,
        () -> {
          if (!condition.getAsBoolean()) {
            throw new AssertionError("did not hold throughout: " + what + suffix(seen));
          }
          return false;
        });
  }

  private static void poll(Duration limit, BooleanSupplier done) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!done.getAsBoolean()) {
      if (System.nanoTime() - deadline >= 0) {
        return;
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
      if (Thread.currentThread().isInterrupted()) {
        throw new AssertionError("interrupted while waiting");
      }
    }
  }

  private static String suffix(Supplier<String> seen) {
    String text = seen.get();
    return text.isEmpty() ? "" : "; seen: " + text;
  }
}
