package io.varve.client;

/**
 * Deciding a concurrency scope takes more steps than the log allows; nothing was appended. Narrow
 * the filter, or take a newer {@code after}.
 */
public final class ScopeTooWideException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   * @param field the request's field at fault; empty when no one field is
   */
  public ScopeTooWideException(String message, String field) {
    super(ErrorCode.SCOPE_TOO_WIDE, message, field, null);
  }
}
