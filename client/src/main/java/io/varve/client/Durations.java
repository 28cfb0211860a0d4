package io.varve.client;

import java.time.Duration;

/** Checks of durations that callers hand in. */
final class Durations {

  private Durations() {}

  static Duration requirePositive(Duration duration, String name) {
    if (duration.isZero() || duration.isNegative()) {
      throw new IllegalArgumentException(name + " must be positive: " + duration);
    }
    return duration;
  }
}
