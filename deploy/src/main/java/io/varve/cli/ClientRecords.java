package io.varve.cli;

import io.varve.client.AppendRequest;
import io.varve.client.LatestPage;
import io.varve.client.VarveClient;
import io.varve.gateway.identity.ClientRecord;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityFormatException;
import io.varve.gateway.identity.IdentityRecords;
import java.util.List;
import java.util.Optional;

/** Reads and changes what the log says about the clients of gateways. */
final class ClientRecords {
  private final VarveClient client;

  ClientRecords(VarveClient client) {
    this.client = client;
  }

  /** A client's record, and as of when. */
  Found find(String clientId) {
    LatestPage page =
        client
            .readLatestPageAsync(IdentityRecords.latest(IdentityRecords.clientKey(clientId)))
            .join();
    return new Found(page.events().stream().findFirst().map(IdentityRecords::client), page.asOf());
  }

  /**
   * Makes a record the one that holds, unless somebody has changed it since it was found: that is a
   * conflict.
   */
  void change(String type, Found found, ClientRecord next) {
    client
        .append(
            AppendRequest.builder()
                .event(IdentityRecords.event(type, next))
                .condition(IdentityRecords.unchanged(next.clientId(), found.asOf))
                .build())
        .orThrow();
  }

  /** Prints a record. */
  static void print(Output output, String outcome, ClientRecord record) {
    output.result(
        out -> {
          out.writeStringField("outcome", outcome);
          IdentityRecords.write(out, record);
        },
        outcome
            + " client "
            + record.clientId()
            + (record.name().isEmpty() ? "" : " (" + EventText.printable(record.name()) + ")")
            + (record.revoked() ? "" : ": " + text(record.grants())));
  }

  /** Grants for people. */
  static String text(Optional<Grants> grants) {
    return grants
        .map(own -> "reads " + prefixes(own.read()) + ", appends to " + prefixes(own.append()))
        .orElse("the gateways' default grants");
  }

  /**
   * Grants by flags.
   *
   * @throws UsageException if they are none
   */
  static Optional<Grants> grants(List<String> read, List<String> append) {
    if (read.isEmpty() && append.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Grants(read, append));
    } catch (IllegalArgumentException e) {
      throw new UsageException("--read, --append: " + e.getMessage());
    }
  }

  /**
   * Passes a client's id.
   *
   * @throws UsageException if it is none
   */
  static void requireClientId(String clientId) {
    try {
      IdentityRecords.requireClientId(clientId);
    } catch (IdentityFormatException e) {
      throw new UsageException("--client: " + e.getMessage());
    }
  }

  /**
   * Passes a name.
   *
   * @throws UsageException if it is too long
   */
  static void requireName(String name) {
    if (name.length() > ClientRecord.MAX_NAME) {
      throw new UsageException(
          "--name: a name has at most " + ClientRecord.MAX_NAME + " characters: " + name.length());
    }
  }

  private static String prefixes(List<String> prefixes) {
    return prefixes.isEmpty()
        ? "nothing"
        : String.join(", ", prefixes.stream().map(EventText::printable).toList());
  }

  /**
   * What was found.
   *
   * @param record the record; empty = there is none
   * @param asOf the position up to which that is so
   */
  record Found(Optional<ClientRecord> record, long asOf) {}
}
