package io.varve.node.wire;

import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;

/** Carries an {@link Error} to the caller. Costs no stack trace: it is an answer, not a fault. */
public final class ErrorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Error error;

  public ErrorException(Error error) {
    super(error.getMessage(), null, false, false);
    this.error = error;
  }

  /** An exception with an error that no one field is at fault for. */
  public ErrorException(ErrorCode code, String message) {
    this(Errors.of(code, message));
  }

  /** What to answer. */
  public Error error() {
    return error;
  }
}
