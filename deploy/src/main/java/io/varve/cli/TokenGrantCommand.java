package io.varve.cli;

import io.varve.client.VarveClient;
import io.varve.gateway.identity.ClientRecord;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityRecords;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve token grant}: says what a client may do. */
@Command(
    name = "grant",
    sortOptions = false,
    description = "Say what a registered client may do, from now on and on every gateway.",
    footer = {
      "",
      "What is named takes the place of all that the client was granted before: with --read alone",
      "it appends to nothing any more. With --name alone its grants stay.",
      "",
      "Examples:",
      "  varve token grant --client NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs --read canvas/",
      "  varve token grant --client NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs --append 'my/{client}/'",
      "  varve token grant --client NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs --name till-3"
    })
final class TokenGrantCommand extends ClientCommand {

  @Option(names = "--client", required = true, paramLabel = "ID", description = "The client.")
  private String clientId = "";

  @Option(
      names = "--read",
      paramLabel = "PREFIX",
      description =
          "Sources whose names begin with this may be read; '*' = all, {client} = the client's id."
              + " May be repeated.")
  private List<String> read = new ArrayList<>();

  @Option(
      names = "--append",
      paramLabel = "PREFIX",
      description = "Sources whose names begin with this may be appended to. May be repeated.")
  private List<String> append = new ArrayList<>();

  @Option(names = "--name", paramLabel = "NAME", description = "What people call the client.")
  private @Nullable String name;

  private Optional<Grants> grants = Optional.empty();

  TokenGrantCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  void check() {
    ClientRecords.requireClientId(clientId);
    grants = ClientRecords.grants(read, append);
    if (name != null) {
      ClientRecords.requireName(name);
    } else if (grants.isEmpty()) {
      throw new UsageException("name at least one of --read, --append, --name");
    }
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    ClientRecords records = new ClientRecords(client);
    ClientRecords.Found found = records.find(clientId);
    ClientRecord next =
        found
            .record()
            .orElseThrow(
                () ->
                    new CommandException(
                        ExitCode.REFUSED,
                        "CLIENT_UNKNOWN",
                        "client "
                            + clientId
                            + " is not registered: 'varve token register' does that",
                        "--client"));
    if (grants.isPresent()) {
      next = next.withGrants(grants.get());
    }
    if (name != null) {
      next = next.withName(name);
    }
    records.change(IdentityRecords.GRANTS_CHANGED, found, next);
    ClientRecords.print(output, "granted", next);
    return ExitCode.DONE;
  }
}
