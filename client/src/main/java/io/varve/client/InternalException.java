package io.varve.client;

import org.jspecify.annotations.Nullable;

/** A fault of Varve's own: please report it. For an append, nothing was appended. */
public final class InternalException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   * @param cause what led to it, if anything did
   */
  public InternalException(String message, @Nullable Throwable cause) {
    super(ErrorCode.INTERNAL, message, "", cause);
  }
}
