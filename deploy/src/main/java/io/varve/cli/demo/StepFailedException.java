package io.varve.cli.demo;

/** Something the play shows did not hold. */
final class StepFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StepFailedException(String message) {
    super(message);
  }

  /** Throws unless it holds. */
  static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new StepFailedException(otherwise);
    }
  }
}
