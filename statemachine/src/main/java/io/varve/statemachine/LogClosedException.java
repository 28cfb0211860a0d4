package io.varve.statemachine;

/** The {@link LogCore} was closed. A node that has opened another one may try again there. */
public final class LogClosedException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  public LogClosedException() {
    super("the log core is closed");
  }
}
