package io.varve.client.commands;

/**
 * A command type is declared wrongly. Thrown when the type is first seen, before anything is done;
 * the message names the class and the fix.
 */
public class CommandDeclarationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CommandDeclarationException(Class<?> command, String mistake) {
    super("command " + command.getName() + ": " + mistake);
  }
}
