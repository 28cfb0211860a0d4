package io.varve.gateway.http;

import java.time.Duration;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Waits for a condition. */
public final class Eventually {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final long POLL_MILLIS = 20;

  private Eventually() {}

  /** Waits until a value is as it should be. */
  public static <T> T assertThat(Supplier<T> value, Predicate<T> holds) {
    long begin = System.nanoTime();
    while (true) {
      T current = value.get();
      if (holds.test(current)) {
        return current;
      }
      if (System.nanoTime() - begin > LIMIT.toNanos()) {
        throw new AssertionError("not within " + LIMIT + "; it is " + current);
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }
  }
}
