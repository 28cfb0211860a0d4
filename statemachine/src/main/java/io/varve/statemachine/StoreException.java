package io.varve.statemachine;

/** The store failed: the disk, or what stands on it. The node must halt rather than go on. */
public class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StoreException(String message) {
    super(message);
  }

  public StoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
