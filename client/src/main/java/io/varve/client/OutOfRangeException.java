package io.varve.client;

/** A position above the head: it was taken from another history. Nothing was appended. */
public final class OutOfRangeException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   * @param field the request's field at fault; empty when no one field is
   */
  public OutOfRangeException(String message, String field) {
    super(ErrorCode.OUT_OF_RANGE, message, field, null);
  }
}
