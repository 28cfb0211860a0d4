package io.varve.client;

import org.jspecify.annotations.Nullable;

/** The deadline passed. Certainly nothing was appended. */
public final class DeadlineExceededException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   * @param cause what led to it, if anything did
   */
  public DeadlineExceededException(String message, @Nullable Throwable cause) {
    super(ErrorCode.DEADLINE_EXCEEDED, message, "", cause);
  }
}
