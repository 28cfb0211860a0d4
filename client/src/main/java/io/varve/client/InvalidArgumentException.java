package io.varve.client;

/**
 * The request is malformed or over a limit; {@link #field()} names what is at fault. Nothing was
 * appended.
 */
public final class InvalidArgumentException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   * @param field the request's field at fault; empty when no one field is
   */
  public InvalidArgumentException(String message, String field) {
    super(ErrorCode.INVALID_ARGUMENT, message, field, null);
  }
}
