package io.varve.cli;

import io.varve.client.Event;
import io.varve.client.LatestOptions;
import io.varve.client.Paged;
import io.varve.client.VarveClient;
import io.varve.gateway.identity.ClientRecord;
import io.varve.gateway.identity.IdentityFormatException;
import io.varve.gateway.identity.IdentityRecords;
import io.varve.gateway.identity.ReservedSources;
import picocli.CommandLine.Command;

/** {@code varve token list}: the clients that gateways know. */
@Command(
    name = "list",
    sortOptions = false,
    description = "Print the clients that gateways know, and what each may do.",
    footer = {"", "Example:", "  varve token list --json"})
final class TokenListCommand extends ClientCommand {

  TokenListCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    LatestOptions options =
        LatestOptions.builder(ReservedSources.IDENTITY)
            .keyPrefix(IdentityRecords.CLIENT_PREFIX)
            .build();
    long clients = 0;
    ExitCode exit = ExitCode.DONE;
    try (Paged<Event> events = client.readLatest(options)) {
      for (Event event : events) {
        try {
          print(IdentityRecords.client(event), output);
          clients++;
        } catch (IdentityFormatException e) {
          output.remark("varve: " + e.getMessage());
          exit = ExitCode.REFUSED;
        }
        if (output.abandoned()) {
          return exit;
        }
      }
    }
    if (!output.json()) {
      output.line(clients + (clients == 1 ? " client" : " clients"));
    }
    return exit;
  }

  private static void print(ClientRecord record, Output output) {
    output.result(
        out -> IdentityRecords.write(out, record),
        record.clientId()
            + "  "
            + (record.revoked() ? "revoked" : ClientRecords.text(record.grants()))
            + (record.name().isEmpty() ? "" : "  " + EventText.printable(record.name())));
  }
}
