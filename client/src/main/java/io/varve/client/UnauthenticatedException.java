package io.varve.client;

/** The caller did not show who it is, or not in a way that is still valid. Nothing was appended. */
public final class UnauthenticatedException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   */
  public UnauthenticatedException(String message) {
    super(ErrorCode.UNAUTHENTICATED, message, "", null);
  }
}
