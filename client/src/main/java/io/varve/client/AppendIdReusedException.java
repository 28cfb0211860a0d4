package io.varve.client;

/** The append id was used for other events; nothing was appended. */
public final class AppendIdReusedException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   */
  public AppendIdReusedException(String message) {
    super(ErrorCode.APPEND_ID_REUSED, message, "", null);
  }
}
