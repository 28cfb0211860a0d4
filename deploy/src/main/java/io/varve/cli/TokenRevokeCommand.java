package io.varve.cli;

import io.varve.client.AppendRequest;
import io.varve.client.VarveClient;
import io.varve.gateway.identity.ClientRecord;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.gateway.identity.IdentityRecords;
import io.varve.gateway.identity.TokenRevocation;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve token revoke}: keeps a client, or one token, out. */
@Command(
    name = "revoke",
    sortOptions = false,
    description = "Keep a client, or one token, out of every gateway from now on.",
    footer = {
      "",
      "A client that was never registered can be revoked too: its key cannot register itself then.",
      "The ids of tokens stand in the source _varve/tokens.",
      "",
      "Examples:",
      "  varve token revoke --client NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
      "  varve token revoke --jti 6f1c1f0e-3c57-4b52-9d1e-1f0a52d6a0b1"
    })
final class TokenRevokeCommand extends ClientCommand {

  @Option(names = "--client", paramLabel = "ID", description = "The client.")
  private @Nullable String clientId;

  @Option(names = "--jti", paramLabel = "ID", description = "The token's id.")
  private @Nullable UUID tokenId;

  TokenRevokeCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  void check() {
    if ((clientId == null) == (tokenId == null)) {
      throw new UsageException("name one of --client and --jti");
    }
    if (clientId != null) {
      ClientRecords.requireClientId(clientId);
    }
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    if (clientId != null) {
      revokeClient(new ClientRecords(client), clientId, now, output);
    } else if (tokenId != null) {
      revokeToken(client, tokenId, now, output);
    }
    return ExitCode.DONE;
  }

  private static void revokeClient(
      ClientRecords records, String clientId, Instant now, Output output) {
    ClientRecords.Found found = records.find(clientId);
    ClientRecord next =
        found
            .record()
            .map(known -> known.revoked() ? known : known.revoke())
            .orElseGet(() -> ClientRecord.revoked(clientId, now));
    if (found.record().filter(ClientRecord::revoked).isEmpty()) {
      records.change(IdentityRecords.CLIENT_REVOKED, found, next);
    }
    ClientRecords.print(output, "revoked", next);
  }

  private static void revokeToken(VarveClient client, UUID tokenId, Instant now, Output output) {
    // Nobody's token lasts longer, whenever it was issued.
    Instant expires = now.plus(IdentityOptions.MAX_TOKEN_LIFETIME).plus(1, ChronoUnit.HOURS);
    client
        .append(
            AppendRequest.of(
                List.of(
                    IdentityRecords.event(new TokenRevocation(tokenId, Optional.empty(), expires))),
                List.of()))
        .orThrow();
    output.result(
        out -> {
          out.writeStringField("outcome", "revoked");
          out.writeStringField("tokenId", tokenId.toString());
        },
        "revoked token " + tokenId);
  }
}
