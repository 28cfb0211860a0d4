package io.varve.cli;

import io.varve.client.VarveClient;
import io.varve.gateway.identity.ClientKey;
import io.varve.gateway.identity.ClientRecord;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityFormatException;
import io.varve.gateway.identity.IdentityRecords;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve token register}: makes a client's key known. */
@Command(
    name = "register",
    sortOptions = false,
    description = "Make a client's key known, or let a client that was revoked in again.",
    footer = {
      "",
      "A client's id is its public key's thumbprint. Tokens from before a client was revoked stay",
      "refused. What is not named (--read and --append together, --name) stays as it was.",
      "",
      "Examples:",
      "  varve token register --public-key device-7.jwk --name device-7",
      "  varve token register --public-key device-7.jwk --read '*' --append 'devices/{client}/'"
    })
final class TokenRegisterCommand extends ClientCommand {

  /** A key has some 200 bytes. */
  private static final int MAX_KEY_BYTES = 16 * 1024;

  @Option(
      names = "--public-key",
      required = true,
      paramLabel = "FILE|JWK",
      description = "The client's public P-256 key: a JSON Web Key, or a file with one.")
  private String publicKey = "";

  @Option(
      names = "--read",
      paramLabel = "PREFIX",
      description =
          "Sources whose names begin with this may be read; '*' = all, {client} = the client's id."
              + " May be repeated. Default: what the gateways' configuration says.")
  private List<String> read = new ArrayList<>();

  @Option(
      names = "--append",
      paramLabel = "PREFIX",
      description = "Sources whose names begin with this may be appended to. May be repeated.")
  private List<String> append = new ArrayList<>();

  @Option(names = "--name", paramLabel = "NAME", description = "What people call the client.")
  private @Nullable String name;

  private Optional<Grants> grants = Optional.empty();

  TokenRegisterCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  void check() {
    grants = ClientRecords.grants(read, append);
    if (name != null) {
      ClientRecords.requireName(name);
    }
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    ClientKey key = key();
    ClientRecords records = new ClientRecords(client);
    ClientRecords.Found found = records.find(key.clientId());
    ClientRecord next =
        found
            .record()
            .map(known -> known.register(key))
            .orElseGet(
                () -> ClientRecord.registered(key, Instant.now().truncatedTo(ChronoUnit.SECONDS)));
    if (grants.isPresent()) {
      next = next.withGrants(grants.get());
    }
    if (name != null) {
      next = next.withName(name);
    }
    records.change(IdentityRecords.CLIENT_REGISTERED, found, next);
    ClientRecords.print(output, "registered", next);
    return ExitCode.DONE;
  }

  private ClientKey key() {
    try {
      return ClientKey.parse(publicKey.stripLeading().startsWith("{") ? publicKey : file());
    } catch (IdentityFormatException e) {
      throw CommandException.invalid(String.valueOf(e.getMessage()), "--public-key");
    }
  }

  private String file() {
    Path file = Path.of(publicKey);
    try {
      if (Files.size(file) > MAX_KEY_BYTES) {
        throw CommandException.invalid(
            file + " has more than " + MAX_KEY_BYTES + " bytes", "--public-key");
      }
      return Files.readString(file);
    } catch (IOException e) {
      throw CommandException.invalid("cannot read " + file + ": " + e, "--public-key");
    }
  }
}
