package io.varve.client;

/**
 * The log has another identity than the one this client expects: the cluster was restored or
 * replaced, and positions, versions and append ids of the old history mean nothing in the new one.
 * Whether an append that was under way landed in the old history is not known. See {@link
 * VarveClient#forgetLogIdentity()}.
 */
public final class LogIdentityMismatchException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   */
  public LogIdentityMismatchException(String message) {
    super(ErrorCode.LOG_IDENTITY_MISMATCH, message, "", null);
  }
}
