package io.varve.gateway.whole;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import io.varve.client.AppendRequest;
import io.varve.client.ReadConsistency;
import io.varve.client.VarveClient;
import io.varve.gateway.Gateway;
import io.varve.gateway.GatewayConfig;
import io.varve.gateway.http.Http;
import io.varve.gateway.identity.ClientRecord;
import io.varve.gateway.identity.Device;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.gateway.identity.IdentityRecords;
import io.varve.testkit.EmbeddedVarve;
import io.varve.testkit.VarveTest;
import java.io.IOException;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A whole gateway, as it is started in a deployment with keys, before a real node; two clients of
 * it that may read and append to {@code canvas/…} and {@code clients/ITS-ID/…}, and an operator who
 * may do everything.
 */
@VarveTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class WholeGatewayTest {
  static final String AUDIENCE = "varve";

  EmbeddedVarve varve;
  VarveClient log;
  Path keys;
  Gateway gateway;
  final Device alice = new Device();
  final Device bob = new Device();
  final Device operator = new Device();
  String aliceToken = "";
  String bobToken = "";
  Http http;
  Http asAlice;
  Http asBob;
  Http asOperator;

  private final List<Gateway> gateways = new ArrayList<>();

  @BeforeAll
  void startGateway(EmbeddedVarve embedded, @TempDir Path directory) {
    varve = embedded;
    log = varve.client();
    keys = directory.resolve("keys.json");
    gateway = start(config -> config);
    http = new Http(gateway.uri()).as("");
    aliceToken = token(http, alice);
    bobToken = token(http, bob);
    grant(operator, Grants.everything());
    asAlice = http.as(aliceToken);
    asBob = http.as(bobToken);
    asOperator = http.as(token(http, operator));
  }

  @AfterAll
  void stopGateways() {
    gateways.forEach(Gateway::close);
  }

  /** Starts a further gateway with the same keys, which is stopped at the end. */
  Gateway start(UnaryOperator<GatewayConfig> further) {
    Gateway started = Gateway.start(further.apply(config().withDeadline(Duration.ofSeconds(20))));
    gateways.add(started);
    return started;
  }

  GatewayConfig config() {
    return GatewayConfig.of(List.of(varve.target()), identity());
  }

  IdentityOptions identity() {
    List<String> prefixes = List.of("canvas/", "clients/{client}/");
    return IdentityOptions.keys(keys)
        .withCreateSigningKeys(true)
        .withSelfRegistration(true)
        .withDefaultGrants(new Grants(prefixes, prefixes));
  }

  /** Gives a client grants of its own, whether it is known or not. */
  void grant(Device device, Grants grants) {
    log.append(
            AppendRequest.of(
                List.of(
                    IdentityRecords.event(
                        IdentityRecords.GRANTS_CHANGED,
                        ClientRecord.registered(device.clientKey(), Instant.now())
                            .withGrants(grants))),
                List.of()))
        .orThrow();
  }

  static String challenge(Http at, Device device) {
    Http.Answer answer = at.post("/v1/identity/challenge", "{\"publicKey\":" + device.jwk() + "}");
    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    return answer.json().path("challenge").asText();
  }

  static Http.Answer exchange(Http at, Device device, String challenge, String audience) {
    return at.post(
        "/v1/identity/token",
        "{\"publicKey\":"
            + device.jwk()
            + ",\"challenge\":\""
            + challenge
            + "\",\"signature\":\""
            + device.sign(audience, challenge)
            + "\"}");
  }

  static String token(Http at, Device device) {
    return token(at, device, AUDIENCE);
  }

  static String token(Http at, Device device, String audience) {
    Http.Answer answer = exchange(at, device, challenge(at, device), audience);
    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    return answer.json().path("token").asText();
  }

  /** A token with other claims, signed with the gateways' true key. */
  String signedAgain(String token, UnaryOperator<String> claims) {
    try {
      JWSObject real = JWSObject.parse(token);
      String changed = claims.apply(real.getPayload().toString());
      JWSObject made = new JWSObject(real.getHeader(), new Payload(changed));
      made.sign(new ECDSASigner(JWKSet.load(keys.toFile()).getKeys().get(0).toECKey()));
      return made.serialize();
    } catch (ParseException | IOException | JOSEException e) {
      throw new AssertionError(e);
    }
  }

  long head() {
    return log.headAsync(ReadConsistency.linearizable()).join().position();
  }

  /** What must leave the log as it was. */
  <T> T nothingIsAppended(Supplier<T> attempt) {
    long before = head();
    T result = attempt.get();
    assertThat(head()).as("the head, after %s", result).isEqualTo(before);
    return result;
  }

  /** An attempt that must be answered by a problem and leave the log as it was. */
  Http.Answer refused(String problem, String field, Supplier<Http.Answer> attempt) {
    Http.Answer answer = nothingIsAppended(attempt);
    JsonNode json = answer.json();
    assertThat(answer.status() + " " + json.path("code").asText())
        .as(answer.toString())
        .isEqualTo(problem);
    assertThat(json.path("field").asText()).as(answer.toString()).isEqualTo(field);
    assertThat(answer.header("content-type")).startsWith("application/problem+json");
    return answer;
  }

  /** A run of one event. */
  static String run(String bufferId, long number, String source, String more) {
    return "{\"bufferId\":\""
        + bufferId
        + "\",\"events\":[{\"clientSeq\":"
        + number
        + ",\"source\":\""
        + source
        + "\",\"type\":\"Painted\""
        + more
        + "}]}";
  }

  static String fresh(String prefix) {
    return prefix + UUID.randomUUID();
  }
}
