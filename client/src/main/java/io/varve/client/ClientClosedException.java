package io.varve.client;

/** The client was closed. Certainly nothing was appended. */
public final class ClientClosedException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   */
  public ClientClosedException(String message) {
    super(ErrorCode.CLIENT_CLOSED, message, "", null);
  }
}
