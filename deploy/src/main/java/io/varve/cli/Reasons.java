package io.varve.cli;

/** Why something could not be started. */
final class Reasons {
  private Reasons() {}

  /** What went wrong, with what led to it: a cause often names the port or the file. */
  static String of(Throwable error) {
    StringBuilder reasons = new StringBuilder();
    String last = "";
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
      if (!last.contains(message)) {
        reasons.append(reasons.isEmpty() ? "" : ": ").append(message);
        last = message;
      }
    }
    return reasons.toString();
  }
}
