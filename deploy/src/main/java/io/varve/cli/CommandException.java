package io.varve.cli;

/** Ends a command with an exit code and a precise message. */
final class CommandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ExitCode exit;
  private final String code;
  private final String field;

  /**
   * @param exit how the command ends
   * @param code the kind of error, as JSON says it, e.g. {@code INVALID_ARGUMENT}
   * @param message for people: what is wrong and what to do
   * @param field the request's field or the option at fault; empty when none is
   */
  CommandException(ExitCode exit, String code, String message, String field) {
    super(message);
    this.exit = exit;
    this.code = code;
    this.field = field;
  }

  /** Something the caller handed in is not as it must be. */
  static CommandException invalid(String message, String field) {
    return new CommandException(ExitCode.REFUSED, "INVALID_ARGUMENT", message, field);
  }

  /** This command cannot start here and now: a port, a file, a lock. */
  static CommandException refused(String message) {
    return new CommandException(ExitCode.REFUSED, "FAILED_PRECONDITION", message, "");
  }

  ExitCode exit() {
    return exit;
  }

  String code() {
    return code;
  }

  String field() {
    return field;
  }
}
