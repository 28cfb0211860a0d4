package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import io.varve.gateway.Gateway;
import io.varve.gateway.GatewayConfig;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.testkit.EmbeddedVarve;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.Signature;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The routes of identity and of streams, as a whole gateway answers them, against the document. */
class WholeGatewayOpenApiTest {
  private final OpenApi api = OpenApi.ofClassPath();
  private final Set<String> exercised = new TreeSet<>();

  @TempDir Path directory;

  @Test
  void whatIdentityAndStreamsAnswerIsAsDocumented() throws Exception {
    IdentityOptions identity =
        IdentityOptions.keys(directory.resolve("keys.json"))
            .withCreateSigningKeys(true)
            .withSelfRegistration(true)
            .withDefaultGrants(new Grants(List.of("mine/"), List.of("mine/")));
    try (EmbeddedVarve varve = EmbeddedVarve.start();
        Gateway gateway = Gateway.start(GatewayConfig.of(List.of(varve.target()), identity))) {
      Http stranger =
          new Http(gateway.uri())
              .as("")
              .watched(
                  answer -> {
                    api.assertDocumented(answer);
                    api.operationOf(answer.method(), answer.path()).ifPresent(exercised::add);
                  });

      assertThat(stranger.get("/v1/identity").status()).isEqualTo(200);
      assertThat(stranger.get("/v1/identity?x=1").status()).isEqualTo(400);
      ECKey key = new ECKeyGenerator(Curve.P_256).generate();
      String publicKey = key.toPublicJWK().toJSONString();
      assertThat(stranger.post("/v1/identity/challenge", "{}").status()).isEqualTo(400);
      assertThat(stranger.post("/v1/identity/token", "{}").status()).isEqualTo(400);
      assertThat(stranger.postAs("/v1/identity/challenge", new byte[] {'x'}).status())
          .isEqualTo(415);
      assertThat(stranger.post("/v1/identity/challenge", " ".repeat(20_000) + "{}").status())
          .isEqualTo(413);
      Http.Answer challenged =
          stranger.post("/v1/identity/challenge", "{\"publicKey\":" + publicKey + "}");
      assertThat(challenged.status()).as(challenged.toString()).isEqualTo(200);
      String challenge = challenged.json().get("challenge").asText();
      String exchange =
          "{\"publicKey\":%s,\"challenge\":\"%s\",\"signature\":\"%s\",\"cookie\":true}"
              .formatted(
                  publicKey,
                  challenge,
                  signed(key, challenged.json().get("audience").asText(), challenge));
      Http.Answer issued = stranger.post("/v1/identity/token", exchange);
      assertThat(issued.status()).as(issued.toString()).isEqualTo(200);
      assertThat(stranger.post("/v1/identity/token", exchange).status())
          .as("replayed")
          .isEqualTo(401);
      Http client = stranger.as(issued.json().get("token").asText());
      assertThat(client.get("/v1/identity").json().get("clientId").asText())
          .isEqualTo(key.computeThumbprint().toString());

      assertThat(stranger.get("/v1/stream?source=mine%2Fx").status()).isEqualTo(401);
      assertThat(client.get("/v1/stream?source=theirs").status()).isEqualTo(403);
      assertThat(client.get("/v1/stream?source=mine%2Fx&after=x").status()).isEqualTo(400);
      // It is of another log: the stream says so, and ends.
      Http.Answer reset =
          client.get("/v1/stream?source=mine%2Fx&logIdentity=00000000-0000-0000-0000-000000000001");
      assertThat(reset.status()).isEqualTo(200);
      assertThat(reset.text()).contains("event: hello\n").contains("event: reset\n");

      assertThat(client.send("DELETE", "/v1/identity/token", Optional.empty()).status())
          .isEqualTo(204);
      assertThat(client.get("/v1/stream?source=mine%2Fx").status()).isEqualTo(401);
      assertThat(stranger.send("DELETE", "/v1/identity/token", Optional.empty()).status())
          .isEqualTo(401);
    }
    assertThat(exercised)
        .containsAll(
            api.operations().stream()
                .filter(one -> one.contains("/v1/identity") || one.contains("/v1/stream"))
                .toList());
  }

  private static String signed(ECKey key, String audience, String challenge) throws Exception {
    Signature signer = Signature.getInstance("SHA256withECDSAinP1363Format");
    signer.initSign(key.toECPrivateKey());
    signer.update(
        ("varve-identity-v1\n" + audience + "\n" + challenge).getBytes(StandardCharsets.UTF_8));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(signer.sign());
  }
}
