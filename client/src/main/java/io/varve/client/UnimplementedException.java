package io.varve.client;

/** The server does not offer that (yet). */
public final class UnimplementedException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   */
  public UnimplementedException(String message) {
    super(ErrorCode.UNIMPLEMENTED, message, "", null);
  }
}
