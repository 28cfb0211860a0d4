package io.varve.client.projections;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** Waits for conditions. */
final class Eventually {

  static final Duration PATIENCE = Duration.ofMinutes(2);

  private Eventually() {}

  static void until(String what, Callable<Boolean> condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (!condition.call()) {
        if (System.nanoTime() - deadline > 0) {
          throw new AssertionError("not within " + PATIENCE + ": " + what);
        }
        TimeUnit.MILLISECONDS.sleep(5); // between two looks at the condition
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(what, e);
    }
  }
}
