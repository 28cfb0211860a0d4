package io.varve.client;

/** The caller is known but may not do this. Nothing was appended. */
public final class PermissionDeniedException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   * @param field the request's field at fault; empty when no one field is
   */
  public PermissionDeniedException(String message, String field) {
    super(ErrorCode.PERMISSION_DENIED, message, field, null);
  }
}
