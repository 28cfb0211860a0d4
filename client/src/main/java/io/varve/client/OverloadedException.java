package io.varve.client;

import java.time.Duration;
import java.util.Objects;

/**
 * A node, or this client's own bounded queue, is full. Certainly nothing was appended. Try again
 * later, and keep fewer appends outstanding.
 */
public final class OverloadedException extends VarveException {
  private static final long serialVersionUID = 1L;

  private final Duration retryAfter;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   * @param retryAfter how long to wait before trying again
   */
  public OverloadedException(String message, Duration retryAfter) {
    super(ErrorCode.OVERLOADED, message, "", null);
    this.retryAfter = Objects.requireNonNull(retryAfter, "retryAfter");
  }

  /** How long to wait before trying again; zero = not said. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
