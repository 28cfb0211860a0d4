package io.varve.cli;

/** How a command ended, as its exit code says it. */
enum ExitCode {
  /** What was asked for is done. */
  DONE(0),
  /** The request is invalid or was refused; nothing was appended. */
  REFUSED(1),
  /** The command line itself is wrong. */
  USAGE(2),
  /** A condition did not hold; nothing was appended. */
  CONFLICT(3),
  /** The cluster was not reached, or did not answer, in time; nothing was appended. */
  UNAVAILABLE(4),
  /** The append was sent and its answer was lost: it may have landed, or may land yet. */
  UNKNOWN(5);

  private final int code;

  ExitCode(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
