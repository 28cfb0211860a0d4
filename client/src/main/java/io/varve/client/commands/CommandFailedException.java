package io.varve.client.commands;

import org.jspecify.annotations.Nullable;

/**
 * One execution of a command failed before anything was appended: a flagged tag or the event source
 * resolved to nothing, {@code handle()} returned what cannot be appended, or it threw a checked
 * exception (which is the cause). The message names the command's class. An unchecked exception of
 * {@code handle()} reaches the caller as it is.
 */
public final class CommandFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CommandFailedException(Class<?> command, String failure, @Nullable Throwable cause) {
    super("command " + command.getName() + ": " + failure, cause);
  }
}
