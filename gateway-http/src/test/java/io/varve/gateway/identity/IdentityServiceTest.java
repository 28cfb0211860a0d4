package io.varve.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.linecorp.armeria.common.HttpMethod;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import io.varve.client.AppendRequest;
import io.varve.client.Condition;
import io.varve.client.Event;
import io.varve.client.LatestOptions;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import io.varve.testkit.EmbeddedVarve;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Two gateways with the same signing keys, over a real log and real HTTP. */
class IdentityServiceTest {
  private static final String CHALLENGE = "/v1/identity/challenge";
  private static final String TOKEN = "/v1/identity/token";

  private static EmbeddedVarve varve;

  @TempDir static Path directory;

  private static Path keys;

  private static TestGateway one;
  private static TestGateway other;

  /** It only ever goes on, so tests may share it. */
  private static final SettableClock CLOCK = new SettableClock();

  private final List<TestGateway> started = new ArrayList<>();
  private final Device device = new Device();

  @BeforeAll
  static void startLog() {
    varve = EmbeddedVarve.start();
    keys = directory.resolve("signing-keys.json");
    SigningKeys.create(keys);
    IdentityOptions options = IdentityOptions.keys(keys).withSelfRegistration(true);
    one = new TestGateway(() -> varve.clientBuilder().build(), options, CLOCK);
    other = new TestGateway(() -> varve.clientBuilder().build(), options, CLOCK);
  }

  @AfterAll
  static void stopLog() {
    one.close();
    other.close();
    varve.close();
  }

  @AfterEach
  void stopGateways() {
    started.forEach(TestGateway::close);
  }

  // ---- how it is meant to go ----

  @Test
  void aNewKeyRegistersItselfAndItsTokenIsGoodEverywhere() {
    long before = head();

    TestGateway.Answer answer = one.exchange(device, one.challenge(device));

    assertThat(answer.ok().get("clientId").textValue()).isEqualTo(device.clientId());
    assertThat(answer.ok().get("expires").textValue())
        .isEqualTo(CLOCK.instant().plus(Duration.ofMinutes(15)).toString());
    assertThat(answer.ok().at("/grants/append/0").textValue())
        .isEqualTo("clients/" + device.clientId() + "/");
    assertThat(answer.setCookie()).isEmpty();
    assertThat(answer.response().headers().get("cache-control")).isEqualTo("no-store");
    assertThat(answer.response().headers().get("varve-log-identity"))
        .isEqualTo(varve.client().head().logIdentity().toString());
    String token = answer.ok().get("token").textValue();
    assertThat(one.who(token).response().contentUtf8()).isEqualTo(device.clientId());
    assertThat(other.who(token).response().contentUtf8()).isEqualTo(device.clientId());

    // Not a byte of the token stands in the log.
    List<Event> events = eventsAfter(before);
    assertThat(events)
        .extracting(Event::source, Event::type, Event::key)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("_varve/tokens", "TokenIssued", device.clientId()),
            org.assertj.core.groups.Tuple.tuple(
                "_varve/identity", "ClientRegistered", "client/" + device.clientId()));
    assertThat(events).noneMatch(event -> event.data().toUtf8().contains(part(token, 2)));

    // The next token registers nothing.
    other.token(device);
    assertThat(eventsAfter(before))
        .extracting(Event::type)
        .endsWith("ClientRegistered", "TokenIssued")
        .hasSize(3);
  }

  @Test
  void whatTheGatewayExpectsIsToldToAnybodyAndWhoOneIsToOneself() {
    assertThat(one.get("/v1/identity").response().contentUtf8())
        .isEqualTo(
            "{\"mode\":\"keys\",\"audience\":\"varve\",\"selfRegistration\":true,"
                + "\"tokenLifetimeSeconds\":900}");

    TestGateway.Answer mine =
        one.get("/v1/identity", "authorization", "Bearer " + one.token(device));
    assertThat(mine.ok().get("clientId").textValue()).isEqualTo(device.clientId());
    assertThat(mine.ok().at("/grants/read/0").textValue())
        .isEqualTo("clients/" + device.clientId() + "/");
    assertThat(Instant.parse(mine.ok().get("expires").textValue())).isAfter(CLOCK.instant());

    assertThat(one.get("/v1/identity", "authorization", "Bearer x.y.z").problem())
        .isEqualTo("401 UNAUTHENTICATED");
    assertThat(one.get("/v1/identity?token=x").problem()).isEqualTo("400 INVALID_ARGUMENT");
  }

  @Test
  void theSameKeyMayRegisterEverywhereAtOnce() {
    List<CompletableFuture<String>> tokens = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      TestGateway gateway = i % 2 == 0 ? one : other;
      String challenge = gateway.challenge(device);
      tokens.add(
          CompletableFuture.supplyAsync(
              () -> gateway.exchange(device, challenge).ok().get("token").textValue()));
    }

    for (CompletableFuture<String> token : tokens) {
      assertThat(other.who(token.join()).response().contentUtf8()).isEqualTo(device.clientId());
    }
    assertThat(
            varve
                .client()
                .readAsync(ReadOptions.builder().source("_varve/identity").limit(10_000).build())
                .join())
        .filteredOn(event -> event.key().equals("client/" + device.clientId()))
        .hasSize(1);
  }

  // ---- challenges ----

  @Test
  void aChallengeIsGoodOnceWhicheverGatewayIsAsked() {
    String challenge = one.challenge(device);
    one.exchange(device, challenge).ok();

    nothingIsAppendedBy(
        () -> other.exchange(device, challenge), "401 CHALLENGE_REFUSED", "challenge");
    nothingIsAppendedBy(
        () -> one.exchange(device, challenge), "401 CHALLENGE_REFUSED", "challenge");
  }

  @Test
  void twoGatewaysAskedAtOnceWithOneChallengeGiveOneToken() {
    for (int round = 0; round < 5; round++) {
      Device next = new Device();
      String challenge = one.challenge(next);
      CompletableFuture<Integer> first =
          CompletableFuture.supplyAsync(() -> one.exchange(next, challenge).status());
      CompletableFuture<Integer> second =
          CompletableFuture.supplyAsync(() -> other.exchange(next, challenge).status());

      assertThat(List.of(first.join(), second.join())).containsExactlyInAnyOrder(200, 401);
    }
  }

  @Test
  void aChallengeEnds() {
    String challenge = one.challenge(device);
    CLOCK.advance(Duration.ofSeconds(66));

    nothingIsAppendedBy(
        () -> one.exchange(device, challenge), "401 CHALLENGE_REFUSED", "challenge");
  }

  @Test
  void aChallengeIsForOneKeyAndFromAGatewayWithTheseSigningKeys() {
    Device stranger = new Device();
    String challenge = one.challenge(device);
    nothingIsAppendedBy(
        () -> one.exchange(stranger, challenge), "401 CHALLENGE_REFUSED", "challenge");

    Path foreignKeys = directory.resolve(UUID.randomUUID() + ".json");
    TestGateway foreign =
        gateway(
            IdentityOptions.keys(foreignKeys)
                .withCreateSigningKeys(true)
                .withSelfRegistration(true));
    String strange = foreign.challenge(device);
    nothingIsAppendedBy(() -> one.exchange(device, strange), "401 CHALLENGE_REFUSED", "challenge");
    nothingIsAppendedBy(() -> one.exchange(device, "x"), "401 CHALLENGE_REFUSED", "challenge");
    nothingIsAppendedBy(
        () -> one.exchange(device, "x".repeat(4_000)), "401 CHALLENGE_REFUSED", "challenge");
  }

  @Test
  void aChallengeOfAnotherLogIsRefused() {
    try (EmbeddedVarve restored = EmbeddedVarve.start()) {
      TestGateway elsewhere =
          gateway(
              () -> restored.clientBuilder().build(),
              IdentityOptions.keys(keys).withSelfRegistration(true));
      String challenge = one.challenge(device);

      TestGateway.Answer answer = elsewhere.exchange(device, challenge);

      assertThat(answer.problem()).isEqualTo("401 CHALLENGE_REFUSED");
      assertThat(answer.detail()).contains("another log");
      assertThat(restored.client().head().position()).isZero();
      stop(elsewhere);
    }
  }

  // ---- signatures ----

  @Test
  void onlyTheKeysOwnerCanAnswerForIt() {
    Device thief = new Device();
    String challenge = one.challenge(device);

    nothingIsAppendedBy(
        () -> one.exchange(device.jwk(), challenge, thief.sign("varve", challenge)),
        "401 UNAUTHENTICATED",
        "signature");
    nothingIsAppendedBy(
        () -> one.exchange(device.jwk(), challenge, device.sign("other-audience", challenge)),
        "401 UNAUTHENTICATED",
        "signature");
    nothingIsAppendedBy(
        () -> one.exchange(device.jwk(), challenge, device.signText(challenge)),
        "401 UNAUTHENTICATED",
        "signature");
    nothingIsAppendedBy(
        () -> one.exchange(device.jwk(), challenge, StrictBase64.encode(new byte[64])),
        "401 UNAUTHENTICATED",
        "signature");
    // None of that has used the challenge up.
    one.exchange(device, challenge).ok();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "AAAA", "not base64!", "=", "AA=="})
  void aSignatureIs64BytesInBase64Url(String signature) {
    String challenge = one.challenge(device);

    nothingIsAppendedBy(
        () -> one.exchange(device.jwk(), challenge, signature),
        "400 INVALID_ARGUMENT",
        "signature");
  }

  // ---- keys and bodies ----

  @Test
  void aKeyMustBeAPublicPointOfTheCurve() {
    String x = device.key().getX().toString();
    String y = device.key().getY().toString();
    String d = device.key().getD().toString();
    String other = new Device().key().getY().toString();

    malformedKey("publicKey.d", jwk("EC", "P-256", x, y).replace("}", ",\"d\":\"" + d + "\"}"));
    malformedKey("publicKey.kty", jwk("RSA", "P-256", x, y));
    malformedKey("publicKey.crv", jwk("EC", "P-384", x, y));
    malformedKey("publicKey.crv", jwk("EC", "secp256k1", x, y));
    malformedKey("publicKey.x", jwk("EC", "P-256", x, other));
    malformedKey("publicKey.x", jwk("EC", "P-256", x.substring(2), y));
    malformedKey("publicKey.x", jwk("EC", "P-256", "AA" + x, y));
    malformedKey("publicKey.x", jwk("EC", "P-256", "_".repeat(42) + "8", y));
    malformedKey("publicKey.y", jwk("EC", "P-256", x, y + "="));
    malformedKey("publicKey.x", jwk("EC", "P-256", "A".repeat(43), "A".repeat(43)));
    malformedKey("publicKey.alg", jwk("EC", "P-256", x, y).replace("}", ",\"alg\":\"HS256\"}"));
    malformedKey("publicKey.use", jwk("EC", "P-256", x, y).replace("}", ",\"use\":\"enc\"}"));
    malformedKey("publicKey.nonsense", jwk("EC", "P-256", x, y).replace("}", ",\"nonsense\":1}"));
    malformedKey("publicKey.x", "{\"kty\":\"EC\",\"crv\":\"P-256\"}");
    malformedKey("publicKey", "[]");
    malformedKey("publicKey", "null");
  }

  @Test
  void bodiesAreReadStrictly() {
    String good = "{\"publicKey\":" + device.jwk() + "}";

    assertThat(post(CHALLENGE, "").problem()).isEqualTo("415 UNSUPPORTED_MEDIA_TYPE");
    assertThat(one.send(HttpMethod.POST, CHALLENGE, good, "content-type", "text/plain").problem())
        .isEqualTo("415 UNSUPPORTED_MEDIA_TYPE");
    assertThat(post(CHALLENGE, "{").problem()).isEqualTo("400 INVALID_ARGUMENT");
    assertThat(post(CHALLENGE, "[]").problem()).isEqualTo("400 INVALID_ARGUMENT");
    assertThat(post(CHALLENGE, good + "{}").problem()).isEqualTo("400 INVALID_ARGUMENT");
    assertThat(post(CHALLENGE, "{}").field()).isEqualTo("publicKey");
    assertThat(post(CHALLENGE, good.replace("}}", "},\"audience\":\"x\"}")).field())
        .isEqualTo("audience");
    assertThat(
            post(CHALLENGE, good.replace("}}", "},\"publicKey\":" + device.jwk() + "}")).problem())
        .isEqualTo("400 INVALID_ARGUMENT");
    assertThat(post(CHALLENGE, " ".repeat(17 * 1024)).problem()).isEqualTo("413 PAYLOAD_TOO_LARGE");
    assertThat(post(TOKEN, good).field()).isEqualTo("challenge");
    assertThat(post(CHALLENGE + "?x=1", good).problem()).isEqualTo("400 INVALID_ARGUMENT");
    assertThat(one.get(CHALLENGE).problem()).isEqualTo("405 METHOD_NOT_ALLOWED");
    assertThat(one.get(TOKEN).problem()).isEqualTo("405 METHOD_NOT_ALLOWED");
    assertThat(post("/v1/identity", good).problem()).isEqualTo("405 METHOD_NOT_ALLOWED");
  }

  // ---- tokens ----

  @Test
  void aTokenEndsExactlyWhenItSaysPlusTheClocksTolerance() {
    String token = one.token(device);
    CLOCK.advance(Duration.ofMinutes(15).plusSeconds(4));
    assertThat(one.who(token).status()).isEqualTo(200);
    assertThat(other.who(token).status()).isEqualTo(200);

    CLOCK.advance(Duration.ofSeconds(1));

    assertThat(one.who(token).problem()).isEqualTo("401 UNAUTHENTICATED");
    assertThat(one.who(token).detail()).contains("ended at");
    assertThat(one.who(token).response().headers().get("www-authenticate"))
        .isEqualTo("Bearer realm=\"varve\"");
    assertThat(gateway(IdentityOptions.keys(keys)).who(token).problem())
        .isEqualTo("401 UNAUTHENTICATED");
  }

  @Test
  void aTokenWithAnyCharacterAlteredIsRefused() {
    String token = one.token(device);

    for (int at = 0; at < token.length(); at++) {
      char altered = token.charAt(at) == 'A' ? 'B' : 'A';
      String forged = token.substring(0, at) + altered + token.substring(at + 1);
      assertThat(one.who(forged).problem()).as(forged).isEqualTo("401 UNAUTHENTICATED");
    }
    // The last character carries bits that mean nothing: another spelling is another token.
    char last = token.charAt(token.length() - 1);
    for (char spelling :
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".toCharArray()) {
      if (spelling != last) {
        String forged = token.substring(0, token.length() - 1) + spelling;
        assertThat(one.who(forged).problem()).as(forged).isEqualTo("401 UNAUTHENTICATED");
      }
    }
    assertThat(one.who(token + ".").problem()).isEqualTo("401 UNAUTHENTICATED");
    assertThat(one.who(token + "A").problem()).isEqualTo("401 UNAUTHENTICATED");
    assertThat(one.who("x".repeat(3_000)).problem()).isEqualTo("401 UNAUTHENTICATED");
    assertThat(one.who(token).status()).isEqualTo(200);
  }

  @Test
  void onlyES256WithAKnownKeyIsBelieved() throws Exception {
    String real = one.token(device);
    ECKey signing = JWKSet.load(keys.toFile()).getKeys().get(0).toECKey();
    JWSHeader header =
        new JWSHeader.Builder(JWSAlgorithm.ES256)
            .type(JOSEObjectType.JWT)
            .keyID(signing.getKeyID())
            .build();
    String claims =
        new String(Base64.getUrlDecoder().decode(part(real, 1)), StandardCharsets.UTF_8);
    // The forger's tools are sound: with the true key they make a token that is taken.
    assertThat(one.who(signed(header, claims, signing)).status()).isEqualTo(200);

    String none =
        base64("{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"" + signing.getKeyID() + "\"}");
    assertThat(one.who(none + "." + base64(claims) + ".").problem())
        .isEqualTo("401 UNAUTHENTICATED");
    assertThat(one.who(none + "." + base64(claims) + "." + part(real, 2)).problem())
        .isEqualTo("401 UNAUTHENTICATED");

    for (String made :
        List.of(
            "",
            "null",
            "[]",
            "{}",
            "{\"alg\":5}",
            "{\"alg\":null,\"typ\":\"JWT\"}",
            "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":null}",
            "{\"alg\":\"ES256\",\"typ\":{},\"kid\":[]}",
            "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"\",\"x5c\":[1]}",
            "[".repeat(1_000))) {
      assertThat(one.who(base64(made) + "." + base64(claims) + "." + part(real, 2)).problem())
          .as(made)
          .isEqualTo("401 UNAUTHENTICATED");
    }

    JWSObject hmac =
        new JWSObject(
            new JWSHeader.Builder(JWSAlgorithm.HS256)
                .type(JOSEObjectType.JWT)
                .keyID(signing.getKeyID())
                .build(),
            new Payload(claims));
    hmac.sign(new MACSigner(signing.toECPublicKey().getEncoded()));
    assertThat(one.who(hmac.serialize()).problem()).isEqualTo("401 UNAUTHENTICATED");

    ECKey stranger = new Device().key();
    assertThat(one.who(signed(header, claims, stranger)).problem())
        .isEqualTo("401 UNAUTHENTICATED");
    TestGateway.Answer unknown =
        one.who(signed(new JWSHeader.Builder(header).keyID("nobody").build(), claims, stranger));
    assertThat(unknown.problem()).isEqualTo("401 UNAUTHENTICATED");
    assertThat(unknown.detail()).contains("a key that is not known here");

    for (JWSHeader strange :
        List.of(
            new JWSHeader.Builder(header).type(new JOSEObjectType("at+jwt")).build(),
            new JWSHeader.Builder(header).jwk(stranger.toPublicJWK()).build(),
            new JWSHeader.Builder(header).criticalParams(Set.of("b64")).build(),
            new JWSHeader.Builder(header).contentType("JWT").build(),
            new JWSHeader.Builder(JWSAlgorithm.ES256).type(JOSEObjectType.JWT).build())) {
      assertThat(one.who(signed(strange, claims, signing)).problem())
          .as(strange.toString())
          .isEqualTo("401 UNAUTHENTICATED");
    }
    for (String[] change :
        new String[][] {
          {"\"iss\":\"varve\"", "\"iss\":\"somebody\""},
          {"\"aud\":\"varve\"", "\"aud\":\"another\""},
          {"\"aud\":\"varve\"", "\"aud\":[\"varve\",\"another\"]"},
          {"\"sub\":", "\"sub2\":"},
          {"\"jti\":", "\"jti2\":"},
          {"\"exp\":", "\"exp2\":"},
          {"\"iat\":", "\"iat2\":"},
          {"\"iat\":", "\"iat\":9999999999,\"iat2\":"},
          {"\"exp\":", "\"exp\":9999999999999999999,\"exp2\":"},
          {"\"gen\":0", "\"gen\":1"}
        }) {
      String changed = claims.replace(change[0], change[1]);
      assertThat(changed).isNotEqualTo(claims);
      assertThat(one.who(signed(header, changed, signing)).problem())
          .as(changed)
          .isEqualTo("401 UNAUTHENTICATED");
    }
  }

  @Test
  void anotherAudiencesTokenIsRefused() {
    TestGateway staging =
        gateway(IdentityOptions.keys(keys).withAudience("staging").withSelfRegistration(true));
    String challenge = staging.challenge(device);
    String token =
        staging
            .exchange(device.jwk(), challenge, device.sign("staging", challenge))
            .ok()
            .get("token")
            .textValue();

    assertThat(staging.who(token).status()).isEqualTo(200);
    assertThat(one.who(token).problem()).isEqualTo("401 UNAUTHENTICATED");
    assertThat(one.who(token).detail()).contains("another audience");
    String unused = staging.challenge(device);
    nothingIsAppendedBy(() -> one.exchange(device, unused), "401 CHALLENGE_REFUSED", "challenge");
  }

  @Test
  void neitherIsAChallengeATokenNorATokenAChallenge() {
    String challenge = one.challenge(device);
    String token = one.token(device);

    assertThat(one.who(challenge).problem()).isEqualTo("401 UNAUTHENTICATED");
    nothingIsAppendedBy(() -> one.exchange(device, token), "401 CHALLENGE_REFUSED", "challenge");
  }

  @Test
  void theHeaderIsReadStrictly() {
    String token = one.token(device);
    assertThat(one.get("/who", "authorization", "bearer  " + token).status()).isEqualTo(200);

    assertThat(one.get("/who").problem()).isEqualTo("401 UNAUTHENTICATED");
    for (String header :
        List.of(
            "Basic dTpw",
            "Bearer",
            "Bearer ",
            token,
            "Bearer " + token + " x",
            "Bearer\t" + token,
            "Bearer " + token + ",Bearer " + token,
            "Bearer \"" + token + "\"",
            "Token " + token)) {
      assertThat(one.get("/who", "authorization", header).problem())
          .as(header)
          .isEqualTo("401 UNAUTHENTICATED");
    }
    assertThat(
            one.get("/who", "authorization", "Bearer " + token, "authorization", "Bearer " + token)
                .problem())
        .isEqualTo("400 INVALID_ARGUMENT");
    assertThat(one.get("/who?token=" + token + "&access_token=" + token).problem())
        .isEqualTo("401 UNAUTHENTICATED");
  }

  // ---- cookies ----

  @Test
  void theCookieLetsInOnlyWhatChangesNothing() {
    String challenge = one.challenge(device);
    TestGateway.Answer answer =
        post(
            TOKEN,
            "{\"publicKey\":"
                + device.jwk()
                + ",\"challenge\":\""
                + challenge
                + "\",\"signature\":\""
                + device.sign("varve", challenge)
                + "\",\"cookie\":true}");
    String token = answer.ok().get("token").textValue();
    assertThat(answer.setCookie())
        .isEqualTo("varve_token=" + token + "; Max-Age=900; Path=/; HttpOnly; SameSite=Strict");

    assertThat(one.get("/who", "cookie", "a=b; varve_token=" + token + "; c=d").status())
        .isEqualTo(200);
    assertThat(one.send(HttpMethod.HEAD, "/who", "", "cookie", "varve_token=" + token).status())
        .isEqualTo(200);
    for (HttpMethod method : List.of(HttpMethod.POST, HttpMethod.PUT, HttpMethod.DELETE)) {
      TestGateway.Answer refused = one.send(method, "/who", "", "cookie", "varve_token=" + token);
      assertThat(refused.problem()).isEqualTo("401 UNAUTHENTICATED");
      assertThat(refused.detail()).contains("GET and HEAD only");
    }
    nothingIsAppendedBy(
        () -> one.send(HttpMethod.DELETE, TOKEN, "", "cookie", "varve_token=" + token),
        "401 UNAUTHENTICATED",
        "Authorization");

    String second = one.token(device);
    assertThat(
            one.get("/who", "authorization", "Bearer " + second, "cookie", "varve_token=" + token)
                .problem())
        .isEqualTo("400 INVALID_ARGUMENT");
    assertThat(
            one.get("/who", "authorization", "Bearer " + token, "cookie", "varve_token=" + token)
                .status())
        .isEqualTo(200);
    assertThat(
            one.get("/who", "cookie", "varve_token=" + token + "; varve_token=" + second).problem())
        .isEqualTo("400 INVALID_ARGUMENT");
    assertThat(one.get("/who", "cookie", "xvarve_token=" + token).problem())
        .isEqualTo("401 UNAUTHENTICATED");
    assertThat(
            one.send(
                    HttpMethod.POST,
                    "/who",
                    "",
                    "authorization",
                    "Bearer " + second,
                    "cookie",
                    "varve_token=" + token)
                .status())
        .as("a cookie that browsers send along does no harm")
        .isEqualTo(200);
  }

  @Test
  void theCookieIsMarkedSecureWhereTheOperatorTrustsTheProxy() {
    TestGateway forwarded =
        gateway(
            IdentityOptions.keys(keys)
                .withSelfRegistration(true)
                .withSecureCookie(SecureCookie.OVER_TLS_OR_FORWARDED));
    TestGateway always =
        gateway(
            IdentityOptions.keys(keys)
                .withSelfRegistration(true)
                .withSecureCookie(SecureCookie.ALWAYS));

    assertThat(cookie(one, "https")).doesNotContain("Secure");
    assertThat(cookie(forwarded, "http")).doesNotContain("Secure");
    assertThat(cookie(forwarded, "HTTPS, http")).endsWith("; Secure");
    assertThat(cookie(always, "http")).endsWith("; Secure");
  }

  // ---- revoking ----

  @Test
  void aTokenThatWasGivenBackIsRefusedEverywhere() {
    String token = one.token(device);
    String kept = one.token(device);
    assertThat(other.who(token).status()).isEqualTo(200);

    TestGateway.Answer done =
        one.send(HttpMethod.DELETE, TOKEN, "", "authorization", "Bearer " + token);

    assertThat(done.status()).isEqualTo(204);
    assertThat(done.setCookie()).startsWith("varve_token=; Max-Age=0; Path=/; HttpOnly");
    assertThat(one.who(token).problem()).isEqualTo("401 UNAUTHENTICATED");
    eventually(() -> other.who(token).status() == 401);
    assertThat(other.who(token).detail()).contains("revoked");
    assertThat(gateway(IdentityOptions.keys(keys)).who(token).problem())
        .isEqualTo("401 UNAUTHENTICATED");
    assertThat(other.who(kept).status()).isEqualTo(200);
    nothingIsAppendedBy(
        () -> one.send(HttpMethod.DELETE, TOKEN, "", "authorization", "Bearer " + token),
        "401 UNAUTHENTICATED",
        "Authorization");
  }

  @Test
  void revocationsOfTokensThatEndedLongAgoAreSweptAway() {
    try (EmbeddedVarve fresh = EmbeddedVarve.start()) {
      TestGateway gateway =
          gateway(
              () -> fresh.clientBuilder().build(),
              IdentityOptions.keys(keys).withSelfRegistration(true));
      Instant longAgo = CLOCK.instant().minus(Duration.ofHours(2));
      UUID old = UUID.fromString("ffffffff-ffff-4fff-bfff-ffffffffffff"); // Behind any start.
      UUID recent = UUID.fromString("ffffffff-ffff-4fff-bfff-fffffffffffe");
      fresh
          .client()
          .append(IdentityRecords.event(new TokenRevocation(old, Optional.empty(), longAgo)));
      fresh
          .client()
          .append(
              IdentityRecords.event(
                  new TokenRevocation(recent, Optional.empty(), CLOCK.instant())));
      String token = gateway.token(device);

      assertThat(
              gateway
                  .send(HttpMethod.DELETE, TOKEN, "", "authorization", "Bearer " + token)
                  .status())
          .isEqualTo(204);

      assertThat(
              fresh
                  .client()
                  .readLatestPageAsync(
                      LatestOptions.builder("_varve/identity").keyPrefix("token/").build())
                  .join()
                  .events())
          .extracting(Event::key)
          .contains("token/" + recent)
          .doesNotContain("token/" + old)
          .hasSize(2);
      stop(gateway);
    }
  }

  @Test
  void aRevokedClientIsOutEverywhereAndItsOldTokensStayOutWhenItIsBack() {
    String token = one.token(device);
    assertThat(other.who(token).status()).isEqualTo(200);
    ClientRecord record = record();

    change(IdentityRecords.CLIENT_REVOKED, record.revoke());

    eventually(() -> one.who(token).status() == 403 && other.who(token).status() == 403);
    assertThat(other.who(token).problem()).isEqualTo("403 CLIENT_REVOKED");
    String challenge = one.challenge(device);
    nothingIsAppendedBy(() -> one.exchange(device, challenge), "403 CLIENT_REVOKED", "");

    change(IdentityRecords.CLIENT_REGISTERED, record().register(device.clientKey()));

    eventually(() -> one.who(token).status() == 401);
    assertThat(one.who(token).detail()).contains("before its client was revoked");
    assertThat(one.who(one.token(device)).status()).isEqualTo(200);
  }

  @Test
  void whereKeysMayNotRegisterThemselvesTheOperatorDoes() {
    TestGateway closed = gateway(IdentityOptions.keys(keys));
    String challenge = closed.challenge(device);
    nothingIsAppendedBy(() -> closed.exchange(device, challenge), "403 CLIENT_UNKNOWN", "");

    change(
        IdentityRecords.CLIENT_REGISTERED,
        ClientRecord.registered(device.clientKey(), CLOCK.instant())
            .withGrants(new Grants(List.of("*"), List.of("canvas/{client}/"))));

    TestGateway.Answer answer = closed.exchange(device, challenge);
    assertThat(answer.ok().at("/grants/read/0").textValue()).isEqualTo("*");
    assertThat(answer.ok().at("/grants/append/0").textValue())
        .isEqualTo("canvas/" + device.clientId() + "/");
  }

  @Test
  void grantsActAtOnceAndOnEveryGateway() {
    String token = one.token(device);
    assertThat(append(one, token)).containsExactly("clients/" + device.clientId() + "/");
    assertThat(append(other, token)).containsExactly("clients/" + device.clientId() + "/");

    change(
        IdentityRecords.GRANTS_CHANGED,
        record().withGrants(new Grants(List.of(), List.of("canvas/"))));

    eventually(() -> append(one, token).equals(List.of("canvas/")));
    eventually(() -> append(other, token).equals(List.of("canvas/")));
  }

  @Test
  void aRecordThatCannotBeReadLetsNobodyIn() {
    varve
        .client()
        .append(
            io.varve.client.NewEvent.builder("_varve/identity", "ClientRegistered")
                .key("client/" + device.clientId())
                .data("{\"status\":\"active\"}")
                .build());

    String challenge = one.challenge(device);
    nothingIsAppendedBy(() -> one.exchange(device, challenge), "500 INTERNAL", "");
  }

  // ---- the cluster ----

  @Test
  void whenTheClusterCannotBeAskedWhoIsNotKnownStaysOut() {
    EmbeddedVarve lost = EmbeddedVarve.start();
    try {
      IdentityOptions options = IdentityOptions.keys(keys).withSelfRegistration(true);
      TestGateway knows = gateway(() -> lost.clientBuilder().build(), options);
      TestGateway knowsNot =
          gateway(() -> lost.clientBuilder().deadline(Duration.ofSeconds(2)).build(), options);
      String token = knows.token(device);
      assertThat(knows.who(token).status()).isEqualTo(200);

      lost.close();

      assertThat(knowsNot.who(token).problem()).isEqualTo("503 UNAVAILABLE");
      assertThat(knowsNot.who(token).response().headers().get("retry-after")).isEqualTo("1");
      assertThat(knowsNot.get("/v1/identity").status()).isEqualTo(200);
      assertThat(post(knowsNot, CHALLENGE, "{\"publicKey\":" + device.jwk() + "}").problem())
          .isIn("503 UNAVAILABLE", "504 DEADLINE_EXCEEDED");
    } finally {
      lost.close();
    }
  }

  @Test
  void revocationsActAlsoAfterTheNodeThatWasFollowedCameBack() {
    try (EmbeddedVarve restarted = EmbeddedVarve.start()) {
      TestGateway gateway =
          gateway(
              () -> restarted.clientBuilder().build(),
              IdentityOptions.keys(keys).withSelfRegistration(true));
      String token = gateway.token(device);
      assertThat(gateway.who(token).status()).isEqualTo(200);

      restarted.restart();
      assertThat(gateway.who(token).status()).isEqualTo(200);
      ClientRecord record = ClientRecord.registered(device.clientKey(), CLOCK.instant());
      restarted
          .client()
          .append(IdentityRecords.event(IdentityRecords.CLIENT_REVOKED, record.revoke()));

      eventually(() -> gateway.who(token).status() == 403);
      stop(gateway);
    }
  }

  // ---- open mode ----

  @Test
  void anOpenGatewaySaysSoLoudly() {
    Logger logger = (Logger) LoggerFactory.getLogger(IdentityService.class);
    CopyOnWriteArrayList<ILoggingEvent> logged = new CopyOnWriteArrayList<>();
    AppenderBase<ILoggingEvent> appender =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            logged.add(event);
          }
        };
    appender.start();
    logger.addAppender(appender);
    try {
      gateway(IdentityOptions.open());
      eventually(() -> !logged.isEmpty());
    } finally {
      logger.detachAppender(appender);
    }

    assertThat(logged.get(0).getLevel()).isEqualTo(Level.WARN);
    assertThat(logged.get(0).getFormattedMessage()).contains("THIS GATEWAY IS OPEN");
  }

  @Test
  void anOpenGatewayAsksNobody() {
    TestGateway open = gateway(IdentityOptions.open());

    assertThat(open.get("/v1/identity").ok().get("mode").textValue()).isEqualTo("open");
    assertThat(open.get("/who").response().contentUtf8()).isEqualTo("(anybody)");
    assertThat(open.who("nonsense").response().contentUtf8()).isEqualTo("(anybody)");
    assertThat(post(open, CHALLENGE, "{\"publicKey\":" + device.jwk() + "}").problem())
        .isEqualTo("501 UNIMPLEMENTED");
  }

  // ---- helpers ----

  private TestGateway gateway(IdentityOptions options) {
    return gateway(() -> varve.clientBuilder().build(), options);
  }

  private TestGateway gateway(Supplier<VarveClient> clients, IdentityOptions options) {
    TestGateway gateway = new TestGateway(clients, options, CLOCK);
    started.add(gateway);
    return gateway;
  }

  private void stop(TestGateway gateway) {
    started.remove(gateway);
    gateway.close();
  }

  private TestGateway.Answer post(String path, String body) {
    return post(one, path, body);
  }

  private static TestGateway.Answer post(TestGateway gateway, String path, String body) {
    return gateway.send(HttpMethod.POST, path, body);
  }

  private void malformedKey(String field, String jwk) {
    nothingIsAppendedBy(
        () -> post(CHALLENGE, "{\"publicKey\":" + jwk + "}"), "400 INVALID_ARGUMENT", field);
    nothingIsAppendedBy(() -> one.exchange(jwk, "x", "x"), "400 INVALID_ARGUMENT", field);
  }

  private static void nothingIsAppendedBy(
      Supplier<TestGateway.Answer> request, String problem, String field) {
    long before = head();
    TestGateway.Answer answer = request.get();
    assertThat(answer.problem()).as(answer.toString()).isEqualTo(problem);
    assertThat(answer.field()).as(answer.toString()).isEqualTo(field);
    assertThat(answer.response().contentType().toString()).isEqualTo("application/problem+json");
    assertThat(head()).isEqualTo(before);
  }

  private static long head() {
    return varve.client().head().position();
  }

  private static List<Event> eventsAfter(long position) {
    return varve
        .client()
        .readAsync(ReadOptions.builder().fromPosition(position + 1).limit(1_000).build())
        .join();
  }

  private ClientRecord record() {
    LatestOptions options = IdentityRecords.latest("client/" + device.clientId());
    return IdentityRecords.client(
        varve.client().readLatestPageAsync(options).join().events().get(0));
  }

  private static void change(String type, ClientRecord record) {
    varve
        .client()
        .append(
            AppendRequest.of(List.of(IdentityRecords.event(type, record)), List.<Condition>of()))
        .orThrow();
  }

  private static List<String> append(TestGateway gateway, String token) {
    List<String> prefixes = new ArrayList<>();
    gateway
        .get("/v1/identity", "authorization", "Bearer " + token)
        .ok()
        .at("/grants/append")
        .forEach(prefix -> prefixes.add(prefix.textValue()));
    return prefixes;
  }

  private String cookie(TestGateway gateway, String forwarded) {
    Device next = new Device();
    String challenge = gateway.challenge(next);
    return gateway
        .send(
            HttpMethod.POST,
            TOKEN,
            "{\"publicKey\":"
                + next.jwk()
                + ",\"challenge\":\""
                + challenge
                + "\",\"signature\":\""
                + next.sign("varve", challenge)
                + "\",\"cookie\":true}",
            "x-forwarded-proto",
            forwarded)
        .setCookie();
  }

  private static String jwk(String kty, String crv, String x, String y) {
    return "{\"kty\":\""
        + kty
        + "\",\"crv\":\""
        + crv
        + "\",\"x\":\""
        + x
        + "\",\"y\":\""
        + y
        + "\"}";
  }

  private static String part(String token, int index) {
    return List.of(token.split("\\.", -1)).get(index);
  }

  private static String base64(String text) {
    return StrictBase64.encode(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String signed(JWSHeader header, String claims, ECKey key) throws JOSEException {
    JWSObject object = new JWSObject(header, new Payload(claims));
    object.sign(new ECDSASigner(key));
    return object.serialize();
  }

  private static void eventually(Supplier<Boolean> condition) {
    long begin = System.nanoTime();
    while (!condition.get()) {
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(60));
    }
  }
}
