package io.varve.client;

import java.time.Duration;

/**
 * How the client tries again what may be tried again: exponential backoff with full jitter, inside
 * the deadline.
 *
 * <p>Appends are repeated with the same append id and the same events, so that they land once;
 * reads and subscriptions continue where they were.
 *
 * @param initialBackoff the longest wait before the second attempt
 * @param maxBackoff the longest wait before any attempt
 * @param multiplier by which the wait grows with each attempt; at least 1
 * @param maxAttempts how many attempts at most, the first included; at least 1. For a subscription
 *     or a read: how many failures in a row, without anything delivered between them
 */
public record RetryPolicy(
    Duration initialBackoff, Duration maxBackoff, double multiplier, int maxAttempts) {

  private static final RetryPolicy DEFAULTS =
      new RetryPolicy(Duration.ofMillis(20), Duration.ofMillis(500), 2.0, Integer.MAX_VALUE);
  private static final RetryPolicy NONE =
      new RetryPolicy(Duration.ofMillis(20), Duration.ofMillis(500), 2.0, 1);

  public RetryPolicy {
    Durations.requirePositive(initialBackoff, "initialBackoff");
    Durations.requirePositive(maxBackoff, "maxBackoff");
    if (maxBackoff.compareTo(initialBackoff) < 0) {
      throw new IllegalArgumentException("maxBackoff is shorter than initialBackoff");
    }
    if (!(multiplier >= 1.0)) {
      throw new IllegalArgumentException("multiplier must be at least 1: " + multiplier);
    }
    if (maxAttempts < 1) {
      throw new IllegalArgumentException("maxAttempts must be at least 1: " + maxAttempts);
    }
  }

  /** 20 ms doubling to 500 ms, as often as the deadline allows. */
  public static RetryPolicy defaults() {
    return DEFAULTS;
  }

  /** One attempt only. */
  public static RetryPolicy none() {
    return NONE;
  }

  /** The same policy with another number of attempts. */
  public RetryPolicy withMaxAttempts(int maxAttempts) {
    return new RetryPolicy(initialBackoff, maxBackoff, multiplier, maxAttempts);
  }
}
