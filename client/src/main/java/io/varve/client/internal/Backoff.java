package io.varve.client.internal;

import io.varve.client.RetryPolicy;
import java.util.concurrent.ThreadLocalRandom;

/** How long to wait before the next attempt: exponential, with full jitter. Not thread-safe. */
public final class Backoff {

  private final RetryPolicy policy;
  private int failures;

  /** Starts before the first attempt. */
  public Backoff(RetryPolicy policy) {
    this.policy = policy;
  }

  /** Something succeeded: the next failure is the first again. */
  void reset() {
    failures = 0;
  }

  /** How many failures there were in a row. */
  int failures() {
    return failures;
  }

  /** Counts a failure and says how long to wait, in nanoseconds, at least {@code atLeastNanos}. */
  public long nextNanos(long atLeastNanos) {
    double bound =
        (double) policy.initialBackoff().toNanos()
            * Math.pow(policy.multiplier(), Math.min(failures, 64));
    failures++;
    long capped = (long) Math.min(bound, (double) policy.maxBackoff().toNanos());
    // What a node asks for is a floor; the jitter goes on top, so that callers do not return at
    // once.
    return atLeastNanos + ThreadLocalRandom.current().nextLong(capped + 1);
  }
}
