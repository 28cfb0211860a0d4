package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.varve.cli.demo.DemoCluster;
import io.varve.node.security.GatewayTokens;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Runs what docs/identity.md says, in its order. */
@ExtendWith(SharedCluster.class)
class IdentityDocTest {
  private static final Path PAGE = Path.of("../docs/identity.md");
  private static final String CLIENT = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U";

  @TempDir Path directory;

  @Test
  void thePagesCommandsWork(DemoCluster cluster, Cli cli) throws Exception {
    DocumentedCommands commands = new DocumentedCommands(directory);
    Map<String, String> environment = Map.of("VARVE_TARGET", cluster.ports().clientAddresses());
    // A key pair that RFC 7515 publishes: it protects nothing.
    List<String> keys = DocumentedCommands.blocks(PAGE, "json");
    Files.writeString(directory.resolve("till-3.jwk"), keys.get(0));
    List<String> scripts = DocumentedCommands.blocks(PAGE, "sh");
    assertThat(scripts).hasSize(6);

    assertThat(commands.run(scripts.get(0), environment)).startsWith("made key ");
    assertThat(commands.run(scripts.get(1), environment))
        .startsWith("added key ")
        .contains("which has 2 keys");

    assertThat(commands.run(scripts.get(2), environment))
        .contains("registered client " + CLIENT + " (till-3)")
        .contains("granted client " + CLIENT + " (till-3): reads shop/")
        .contains(CLIENT + "  reads shop/");

    assertThat(commands.run(scripts.get(3), environment))
        .contains("revoked client " + CLIENT)
        .contains("revoked token ");
    JsonNode record = record(cli);
    assertThat(record.get("status").asText()).isEqualTo("revoked");
    // The page shows the record as it stands in the log, but for the time.
    assertThat(withoutTime(record)).isEqualTo(withoutTime(Cli.json(keys.get(1))));

    assertThat(commands.run(scripts.get(4), environment))
        .contains("ClientRegistered", "GrantsChanged", "ClientRevoked", "TokenRevoked");

    String token = commands.run(scripts.get(5), environment).strip();
    assertThat(GatewayTokens.of(List.of(token)).include(token)).isTrue();
  }

  private static JsonNode withoutTime(JsonNode record) {
    assertThat(((ObjectNode) record).remove("registered")).isNotNull();
    return record;
  }

  private static JsonNode record(Cli cli) {
    return cli.run("latest", "_varve/identity", "--prefix", "client/" + CLIENT, "--json")
        .json()
        .get(0)
        .get("data");
  }
}
