package io.varve.client;

/** The caller is known but may not do this. Nothing was appended. */
public final class PermissionDeniedException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   */
  public PermissionDeniedException(String message) {
    super(ErrorCode.PERMISSION_DENIED, message, "", null);
  }
}
