package io.varve.node.cluster;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for conditions. */
public final class Conditions {

  /** Long enough for a slow, busy machine; only a failing test ever waits it out. */
  public static final Duration PATIENCE = Duration.ofSeconds(60);

  private Conditions() {}

  /** Waits until the condition holds. */
  public static void await(String what, BooleanSupplier condition) {
    await(() -> what, condition);
  }

  /** The same, with a description made only when it fails. */
  public static void await(Supplier<String> what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("waited " + PATIENCE + " in vain for: " + what.get());
      }
      try {
        TimeUnit.MILLISECONDS.sleep(5);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted while waiting for: " + what.get(), e);
      }
    }
  }
}
