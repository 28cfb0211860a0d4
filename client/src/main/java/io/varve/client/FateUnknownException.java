package io.varve.client;

/**
 * The append id may have been used and forgotten, because its known position is older than the
 * window in which ids are remembered. This attempt appended nothing; whether an earlier one landed
 * can only be told by reading.
 */
public final class FateUnknownException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   */
  public FateUnknownException(String message) {
    super(ErrorCode.FATE_UNKNOWN, message, "", null);
  }
}
