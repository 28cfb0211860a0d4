package io.varve.client;

import org.jspecify.annotations.Nullable;

/** No node, or no majority of them, could be reached in time. Certainly nothing was appended. */
public final class UnavailableException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   * @param cause what led to it, if anything did
   */
  public UnavailableException(String message, @Nullable Throwable cause) {
    super(ErrorCode.UNAVAILABLE, message, "", cause);
  }
}
