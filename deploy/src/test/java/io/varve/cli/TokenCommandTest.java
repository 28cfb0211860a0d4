package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code varve token …}: what it writes is what gateways read. */
@ExtendWith(SharedCluster.class)
class TokenCommandTest {
  @TempDir Path directory;

  private Cli cli = new Cli();
  private String jwk = "";
  private String clientId = "";

  @BeforeEach
  void makeKey(Cli shared) throws JOSEException {
    cli = shared;
    ECKey key = new ECKeyGenerator(Curve.P_256).generate();
    jwk = key.toPublicJWK().toJSONString();
    clientId = key.computeThumbprint().toString();
  }

  @Test
  void aClientIsRegisteredGrantedRevokedAndLetInAgain() throws IOException {
    Path file = Files.writeString(directory.resolve("key.jwk"), jwk);

    JsonNode registered =
        cli.run("token", "register", "--public-key", file.toString(), "--name", "till-3", "--json")
            .onlyJson();
    assertThat(registered.get("outcome").asText()).isEqualTo("registered");
    assertThat(registered.get("clientId").asText()).isEqualTo(clientId);
    assertThat(registered.get("status").asText()).isEqualTo("active");
    assertThat(registered.has("grants")).isFalse();

    JsonNode granted =
        cli.run(
                "token",
                "grant",
                "--client",
                clientId,
                "--read",
                "*",
                "--append",
                "t/{client}/",
                "--append",
                "shared/",
                "--json")
            .onlyJson();
    assertThat(granted.at("/grants/read/0").asText()).isEqualTo("*");
    assertThat(granted.at("/grants/append/0").asText()).isEqualTo("t/{client}/");
    assertThat(granted.get("name").asText()).isEqualTo("till-3");

    JsonNode revoked = cli.run("token", "revoke", "--client", clientId, "--json").onlyJson();
    assertThat(revoked.get("status").asText()).isEqualTo("revoked");
    assertThat(revoked.get("generation").asInt()).isEqualTo(1);
    long head = head();
    assertThat(cli.run("token", "revoke", "--client", clientId).exit()).isZero();
    assertThat(head()).as("what is revoked already").isEqualTo(head);
    assertThat(listed().get("status").asText()).isEqualTo("revoked");

    assertThat(cli.run("token", "register", "--public-key", jwk).out())
        .isEqualTo(
            "registered client "
                + clientId
                + " (till-3): reads *, appends to t/{client}/, shared/\n");
    assertThat(listed().get("status").asText()).isEqualTo("active");
    assertThat(listed().get("generation").asInt()).isEqualTo(1);
    assertThat(cli.run("token", "list").out())
        .contains(clientId + "  reads *, appends to t/{client}/, shared/  till-3\n")
        .containsPattern("\\d+ clients?\n$");
  }

  @Test
  void aClientThatNobodyRegisteredCanBeRevokedButNotGranted() {
    long head = head();
    Cli.Result unknown = cli.run("token", "grant", "--client", clientId, "--read", "*");
    assertThat(unknown.exit()).isEqualTo(1);
    assertThat(unknown.err()).contains("is not registered: 'varve token register' does that");
    assertThat(head()).isEqualTo(head);

    assertThat(cli.run("token", "revoke", "--client", clientId).out())
        .isEqualTo("revoked client " + clientId + "\n");
    assertThat(listed().has("jwk")).isFalse();
  }

  @Test
  void aTokenIsRevokedByItsId() {
    UUID token = UUID.randomUUID();

    assertThat(cli.run("token", "revoke", "--jti", token.toString()).out())
        .isEqualTo("revoked token " + token + "\n");

    assertThat(
            cli.run("latest", "_varve/identity", "--prefix", "token/" + token, "--json")
                .json()
                .get(0)
                .at("/data/tokenId")
                .asText())
        .isEqualTo(token.toString());
  }

  @Test
  void whatIsNoPublicKeyIsRefusedAndNothingIsAppended() {
    long head = head();

    Cli.Result other = cli.run("token", "register", "--public-key", "{\"kty\":\"RSA\"}");
    assertThat(other.exit()).isEqualTo(1);
    assertThat(other.err()).contains("'kty' must be 'EC'").contains("--public-key");
    Cli.Result secret =
        cli.run("token", "register", "--public-key", jwk.replace("}", ",\"d\":\"AAAA\"}"));
    assertThat(secret.exit()).isEqualTo(1);
    assertThat(secret.err()).contains("must never leave its owner");
    assertThat(cli.run("token", "register", "--public-key", directory + "/none").err())
        .contains("cannot read " + directory + "/none");
    assertThat(head()).isEqualTo(head);
  }

  @Test
  void signingKeysAreMadeAndAddedTo() throws IOException {
    Path file = directory.resolve("keys.json");

    JsonNode made = cli.run("token", "keygen", "--out", file.toString(), "--json").onlyJson();
    JsonNode added =
        cli.run("token", "keygen", "--out", file.toString(), "--add", "--json").onlyJson();

    assertThat(made.get("outcome").asText()).isEqualTo("made");
    assertThat(added.get("outcome").asText()).isEqualTo("added");
    assertThat(added.get("keys").asInt()).isEqualTo(2);
    assertThat(Files.readAllLines(file).get(1)).contains(made.get("kid").asText());
    assertThat(Files.readAllLines(file).get(2)).contains(added.get("kid").asText());
    Cli.Result again = cli.run("token", "keygen", "--out", file.toString());
    assertThat(again.exit()).isEqualTo(1);
    assertThat(again.err()).contains("keys.json exists: it is left as it is");
  }

  private JsonNode listed() {
    List<JsonNode> clients =
        cli.run("token", "list", "--json").json().stream()
            .filter(client -> client.get("clientId").asText().equals(clientId))
            .toList();
    assertThat(clients).hasSize(1);
    return clients.get(0);
  }

  private long head() {
    return cli.run("head", "--json").onlyJson().get("head").asLong();
  }
}
