package io.varve.cli;

import io.varve.client.Head;
import io.varve.client.ReadConsistency;
import io.varve.client.VarveClient;
import io.varve.client.json.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve head}: the newest committed position. */
@Command(
    name = "head",
    sortOptions = false,
    description = "Print the position of the newest committed event.",
    footer = {
      "",
      "Examples:",
      "  varve head",
      "  varve head --local --target localhost:4702 --json"
    })
final class HeadCommand extends ClientCommand {

  @Option(
      names = "--local",
      description = "Accept what the answering node has applied, without asking the leader.")
  private boolean local;

  HeadCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    Head head = client.head(local ? ReadConsistency.local() : ReadConsistency.linearizable());
    output.result(
        out -> {
          out.writeNumberField("head", head.position());
          if (head.recorded().isPresent()) {
            out.writeStringField("recorded", Json.time(head.recorded().get()));
          }
          out.writeStringField("logIdentity", head.logIdentity().toString());
        },
        head.recorded()
            .map(recorded -> head.position() + "  recorded " + Json.time(recorded))
            .orElse("0  the log is empty"));
    return ExitCode.DONE;
  }
}
