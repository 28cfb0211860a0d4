package io.varve.statemachine;

/**
 * A committed command this node cannot understand. Nothing was applied; the node must halt, for to
 * skip the entry would be to diverge.
 */
public final class UnknownCommandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UnknownCommandException(String message) {
    super(message);
  }

  public UnknownCommandException(String message, Throwable cause) {
    super(message, cause);
  }
}
