package io.varve.client;

/** There is no log of that name. */
public final class LogNotFoundException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   */
  public LogNotFoundException(String message) {
    super(ErrorCode.LOG_NOT_FOUND, message, "", null);
  }
}
