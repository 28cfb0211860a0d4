package io.varve.cli;

import io.varve.client.SourceState;
import io.varve.client.VarveClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code varve source}: where a source stands. */
@Command(
    name = "source",
    sortOptions = false,
    description = "Print a source's version and the position of its newest event.",
    footer = {"", "Example:", "  varve source account-7 --json"})
final class SourceCommand extends ClientCommand {

  @Parameters(paramLabel = "S", description = "The event source.")
  private String source = "";

  SourceCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    SourceState state = client.source(source);
    output.result(
        out -> {
          out.writeStringField("source", source);
          out.writeNumberField("version", state.version());
          out.writeNumberField("lastPosition", state.lastPosition());
          out.writeNumberField("head", state.head());
        },
        state.exists()
            ? EventText.printable(source)
                + " is at version "
                + state.version()
                + "; its newest event is at position "
                + state.lastPosition()
            : EventText.printable(source) + " does not exist (version 0)");
    return ExitCode.DONE;
  }
}
