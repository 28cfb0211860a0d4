package io.varve.client.commands;

/** A command type has both a constant stream id and one that is known only at run time. */
public final class AmbiguousEventStreamIdException extends CommandDeclarationException {
  private static final long serialVersionUID = 1L;

  AmbiguousEventStreamIdException(Class<?> command, String constant) {
    super(
        command,
        "its stream id is both @EventStreamId(\""
            + constant
            + "\") and that of CanProvideEventStreamId: leave the annotation's value empty, or do"
            + " not implement the interface");
  }
}
