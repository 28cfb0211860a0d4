package io.varve.cli.demo;

/** The demonstration cannot start here and now; the message says why and what to do. */
public final class DemoException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DemoException(String message) {
    super(message);
  }
}
