package io.varve.gateway.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ReadOptions;
import io.varve.gateway.Gateway;
import io.varve.gateway.http.Http;
import io.varve.gateway.identity.Device;
import io.varve.gateway.sse.Http1Sse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may do what: tokens, challenges, origins, grants, and pages of other sites. */
class SecurityTest extends WholeGatewayTest {

  private List<Event> events(String source) {
    try (EventStream events = log.read(ReadOptions.ofSource(source))) {
      return events.stream().toList();
    }
  }

  @Test
  void aTokenCannotPushAsAnotherClient() {
    String buffer = fresh("buffer-");
    String body = run(buffer, 1, "canvas/main", "");
    String asAlicesClient = body.replaceFirst("\\{", "{\"clientId\":\"" + alice.clientId() + "\",");

    refused("403 PERMISSION_DENIED", "clientId", () -> asBob.post("/v1/push", asAlicesClient));
    // The very same body is good with the token of the client that it names.
    assertThat(asAlice.post("/v1/push", asAlicesClient).status()).isEqualTo(200);
  }

  @Test
  void anotherClientsBufferIsOutOfReachUnderItsOwnName() {
    String buffer = fresh("buffer-");
    String source = fresh("canvas/");
    assertThat(asAlice.post("/v1/push", run(buffer, 1, source, "")).status()).isEqualTo(200);

    refused(
        "403 PERMISSION_DENIED",
        "clientId",
        () -> asBob.get("/v1/origin?bufferId=" + buffer + "&clientId=" + alice.clientId()));
    // Numbers count for each client alone: 2 is a gap in bob's buffer of that name.
    Http.Answer gap =
        refused("409 SEQUENCE_GAP", "", () -> asBob.post("/v1/push", run(buffer, 2, source, "")));
    assertThat(gap.json().path("expectedSeq").asLong()).isEqualTo(1);
    Http.Answer own = asBob.post("/v1/push", run(buffer, 1, source, ",\"key\":\"bob's\""));
    assertThat(own.status()).as(own.toString()).isEqualTo(200);
    assertThat(asAlice.post("/v1/push", run(buffer, 2, source, "")).status()).isEqualTo(200);

    assertThat(events(source))
        .extracting(Event::clientId, Event::clientSequence)
        .containsExactly(
            tuple(alice.clientId(), 1L), tuple(bob.clientId(), 1L), tuple(alice.clientId(), 2L));
  }

  @Test
  void whatAnEventSaysAboutItsOriginIsNotBelieved() {
    String source = fresh("canvas/");
    String claimed =
        ",\"clientId\":\"" + alice.clientId() + "\",\"bufferId\":\"alices\",\"position\":1";

    Http.Answer pushed = asBob.post("/v1/push", run(fresh("buffer-"), 1, source, claimed));
    Http.Answer appended =
        asBob.post(
            "/v1/events?source=" + Http.encoded(source),
            "{\"events\":[{\"type\":\"Painted\",\"clientSeq\":1" + claimed + "}]}");

    assertThat(pushed.status()).as(pushed.toString()).isEqualTo(200);
    assertThat(appended.status()).as(appended.toString()).isEqualTo(200);
    assertThat(events(source)).extracting(Event::clientId).containsExactly(bob.clientId(), "");
  }

  @Test
  void aChallengeIsGoodOnceWhicheverGatewayIsAsked() {
    Http second = new Http(start(config -> config).uri()).as("");
    Device device = new Device();
    String challenge = challenge(http, device);
    assertThat(exchange(http, device, challenge, AUDIENCE).status()).isEqualTo(200);

    refused(
        "401 CHALLENGE_REFUSED", "challenge", () -> exchange(http, device, challenge, AUDIENCE));
    refused(
        "401 CHALLENGE_REFUSED", "challenge", () -> exchange(second, device, challenge, AUDIENCE));
    String another = challenge(http, device);
    refused("401 CHALLENGE_REFUSED", "challenge", () -> exchange(second, bob, another, AUDIENCE));
    refused(
        "401 UNAUTHENTICATED",
        "signature",
        () -> exchange(second, device, another, "another-audience"));
    assertThat(exchange(second, device, another, AUDIENCE).status())
        .as("the other gateway knows the keys")
        .isEqualTo(200);
  }

  /** Tokens that are not (any more) good, by what is wrong with them. */
  private Map<String, String> badTokens() {
    Map<String, String> bad = new LinkedHashMap<>();
    String[] parts = aliceToken.split("\\.", -1);
    List<String> names = List.of("header", "payload", "signature");
    for (int part = 0; part < parts.length; part++) {
      for (int at : new int[] {0, parts[part].length() / 2}) {
        String[] altered = parts.clone();
        char other = altered[part].charAt(at) == 'A' ? 'B' : 'A';
        altered[part] = altered[part].substring(0, at) + other + altered[part].substring(at + 1);
        bad.put(names.get(part) + " altered at " + at, String.join(".", altered));
      }
    }
    bad.put(
        "payload of another token", parts[0] + "." + bobToken.split("\\.", -1)[1] + "." + parts[2]);
    bad.put("without its signature", parts[0] + "." + parts[1] + ".");
    String none =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8));
    bad.put("unsigned", none + "." + parts[1] + ".");
    Instant past = Instant.now().minusSeconds(60);
    bad.put(
        "expired",
        signedAgain(
            aliceToken,
            claims -> claims.replaceFirst("\"exp\":\\d+", "\"exp\":" + past.getEpochSecond())));
    bad.put(
        "for another audience",
        signedAgain(aliceToken, claims -> claims.replace("\"aud\":\"varve\"", "\"aud\":\"x\"")));
    bad.put(
        "of another issuer",
        signedAgain(aliceToken, claims -> claims.replace("\"iss\":\"varve\"", "\"iss\":\"x\"")));
    bad.put("nonsense", "a.b.c");
    return bad;
  }

  @Test
  void aBadTokenIsRefusedEverywhere() {
    // The forger's tools are sound: signed again without a change, a token is taken.
    Http again = http.as(signedAgain(aliceToken, claims -> claims));
    assertThat(again.get("/v1/source?source=canvas%2Fmain").status()).isEqualTo(200);

    badTokens()
        .forEach(
            (wrong, token) -> {
              assertThat(token).as(wrong).isNotEqualTo(aliceToken);
              Http forger = http.as(token);
              for (Function<Http, Http.Answer> request : requests()) {
                Http.Answer answer =
                    refused("401 UNAUTHENTICATED", "Authorization", () -> request.apply(forger));
                assertThat(answer.header("www-authenticate")).as(wrong).startsWith("Bearer");
                assertThat(answer.text()).as(wrong).doesNotContain(token);
              }
            });
  }

  @Test
  void nobodyGetsInWithoutAToken() {
    for (Function<Http, Http.Answer> request : requests()) {
      Http.Answer answer =
          refused("401 UNAUTHENTICATED", "Authorization", () -> request.apply(http));
      assertThat(answer.header("www-authenticate")).startsWith("Bearer");
    }
  }

  /** One request for each thing there is to do. */
  private static List<Function<Http, Http.Answer>> requests() {
    String event = "{\"events\":[{\"type\":\"Painted\"}]}";
    return List.of(
        as -> as.post("/v1/push", run("buffer", 1, "canvas/main", "")),
        as -> as.post("/v1/events?source=canvas%2Fmain", event),
        as -> as.get("/v1/events?source=canvas%2Fmain"),
        as -> as.get("/v1/events/1"),
        as -> as.get("/v1/events/1/data"),
        as -> as.get("/v1/origin?bufferId=b"),
        as -> as.get("/v1/appends/3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
        as -> as.get("/v1/source?source=canvas%2Fmain"),
        as -> as.get("/v1/sources?prefix=canvas%2F"),
        as -> as.get("/v1/latest?source=canvas%2Fmain"),
        as -> as.get("/v1/head"),
        as -> as.get("/v1/stream?source=canvas%2Fmain"),
        as -> as.get("/v1/cluster"),
        as -> as.get("/v1/stats"),
        as -> as.send("DELETE", "/v1/identity/token", Optional.empty()));
  }

  @Test
  void aTokenOfAnotherAudiencesGatewayIsRefusedThoughTheKeysAreTheSame() {
    Gateway other = start(config -> config.withIdentity(identity().withAudience("staging")));
    Http staging = new Http(other.uri()).as("");
    String token = token(staging, alice, "staging");
    assertThat(staging.as(token).get("/v1/source?source=canvas%2Fmain").status()).isEqualTo(200);

    refused(
        "401 UNAUTHENTICATED",
        "Authorization",
        () -> http.as(token).post("/v1/push", run("buffer", 1, "canvas/main", "")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/push?token=",
        "/v1/push?access_token=",
        "/v1/push?authorization=Bearer+",
        "/v1/push?varve_token="
      })
  void aTokenInTheUrlIsNotAccepted(String path) {
    refused(
        "401 UNAUTHENTICATED",
        "Authorization",
        () -> http.post(path + aliceToken, run("buffer", 1, "canvas/main", "")));
  }

  @Test
  void aStreamTakesNoTokenInItsUrlEither() {
    for (String name : List.of("token", "access_token", "authorization", "varve_token")) {
      Http.Answer answer =
          refused(
              "400 INVALID_ARGUMENT",
              name,
              () -> http.get("/v1/stream?source=canvas%2Fmain&" + name + "=" + aliceToken));
      assertThat(answer.text()).doesNotContain(aliceToken);
    }
  }

  @Test
  void theCookieReadsAndNeverWrites() {
    String cookie = "varve_token=" + aliceToken;

    assertThat(http.get("/v1/source?source=canvas%2Fmain", "Cookie", cookie).status())
        .isEqualTo(200);
    try (Http1Sse stream =
        new Http1Sse(gateway.port(), "?source=canvas%2Fmain", "Cookie: " + cookie)) {
      assertThat(stream.status()).isEqualTo(200);
    }
    refused(
        "401 UNAUTHENTICATED",
        "Authorization",
        () -> http.post("/v1/push", run("buffer", 1, "canvas/main", ""), "Cookie", cookie));
    refused(
        "401 UNAUTHENTICATED",
        "Authorization",
        () ->
            http.post(
                "/v1/events?source=canvas%2Fmain",
                "{\"events\":[{\"type\":\"Painted\"}]}", "Cookie", cookie));
    refused(
        "401 UNAUTHENTICATED",
        "Authorization",
        () -> http.send("DELETE", "/v1/identity/token", Optional.empty(), "Cookie", cookie));
    assertThat(asAlice.get("/v1/source?source=canvas%2Fmain").status())
        .as("the token was not revoked by its cookie")
        .isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "_varve/identity, asAlice",
    "_varve/tokens, asAlice",
    "_varve/, asAlice",
    "_varve/anything, asAlice",
    "_varve/identity, asOperator",
    "_varve/tokens, asOperator",
    "_varve/new, asOperator"
  })
  void nobodyAppendsToTheGatewaysOwnSources(String source, String who) {
    Http as = who.equals("asAlice") ? asAlice : asOperator;
    Http.Answer pushed =
        refused(
            "403 PERMISSION_DENIED",
            "events[0].source",
            () -> as.post("/v1/push", run(fresh("buffer-"), 1, source, ",\"key\":\"client/x\"")));
    assertThat(pushed.json().path("clientSeq").asLong()).isEqualTo(1);
    refused(
        "403 PERMISSION_DENIED",
        "events[0].source",
        () ->
            as.post(
                "/v1/events?source=" + Http.encoded(source),
                "{\"events\":[{\"type\":\"ClientRegistered\"}]}"));
    // Nor hidden behind an event that is fine.
    refused(
        "403 PERMISSION_DENIED",
        "events[1].source",
        () ->
            as.post(
                "/v1/events",
                "{\"events\":[{\"source\":\"canvas/main\",\"type\":\"Painted\"},{\"source\":\""
                    + source
                    + "\",\"type\":\"ClientRegistered\"}]}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/events?source=_varve%2Fidentity",
        "/v1/events?filter=%7B%22anyOf%22%3A%5B%7B%22source%22%3A%22_varve%2Fidentity%22%7D%5D%7D",
        "/v1/events",
        "/v1/events/1",
        "/v1/events/1/data",
        "/v1/source?source=_varve%2Fidentity",
        "/v1/sources?prefix=_varve%2F",
        "/v1/sources?prefix=_",
        "/v1/sources",
        "/v1/latest?source=_varve%2Fidentity",
        "/v1/stream?source=_varve%2Fidentity",
        "/v1/stream?source=canvas%2Fmain&source=_varve%2Ftokens",
        "/v1/stream",
        "/v1/cluster",
        "/v1/stats"
      })
  void onlyWhoMayReadEverythingReadsTheGatewaysOwnSources(String path) {
    // The first events of the log are the gateway's own: alice became known.
    Http.Answer answer = nothingIsAppended(() -> asAlice.get(path));

    assertThat(answer.status() + " " + answer.json().path("code").asText())
        .as(answer.toString())
        .isEqualTo("403 PERMISSION_DENIED");
    if (!path.startsWith("/v1/stream")) {
      assertThat(asOperator.get(path).status()).isEqualTo(200);
    }
  }

  @Test
  void aConditionTellsNothingOfWhatMayNotBeRead() {
    String body = "{\"events\":[{\"type\":\"Painted\"}],\"conditions\":[%s]}";
    for (String condition :
        List.of(
            "{\"source\":\"_varve/identity\",\"version\":\"none\"}",
            "{\"source\":\"secret\",\"version\":0}",
            "{\"source\":\"clients/" + alice.clientId() + "/x\",\"version\":\"none\"}")) {
      refused(
          "403 PERMISSION_DENIED",
          "conditions[0].source",
          () -> asBob.post("/v1/events?source=canvas%2Fmain", String.format(body, condition)));
    }
    refused(
        "403 PERMISSION_DENIED",
        "conditions[0]",
        () ->
            asBob.post(
                "/v1/events?source=canvas%2Fmain",
                String.format(body, "{\"anyOf\":[{\"types\":[\"Painted\"]}],\"after\":0}")));
  }

  @Test
  void pagesOfOtherOriginsGetNoLeave() {
    for (String origin :
        List.of(
            "https://evil.example",
            "null",
            "http://localhost:3000",
            "http://127.0.0.1:" + gateway.port() + ".evil.example")) {
      Http.Answer read = asAlice.get("/v1/source?source=canvas%2Fmain", "Origin", origin);
      assertThat(read.response().headers().map().keySet())
          .as(origin)
          .noneMatch(name -> name.startsWith("access-control-"));
      assertThat(read.header("vary")).contains("Origin");
      Http.Answer preflight =
          refused(
              "403 PERMISSION_DENIED",
              "Origin",
              () ->
                  http.send(
                      "OPTIONS",
                      "/v1/push",
                      Optional.empty(),
                      "Origin",
                      origin,
                      "Access-Control-Request-Method",
                      "POST",
                      "Access-Control-Request-Headers",
                      "authorization,content-type"));
      assertThat(preflight.response().headers().map().keySet())
          .noneMatch(name -> name.startsWith("access-control-"));
    }
    // What a page may send without being asked about: a form. It is not JSON, and has no token.
    refused(
        "401 UNAUTHENTICATED",
        "Authorization",
        () ->
            http.postAs(
                "/v1/push",
                run("b", 1, "canvas/main", "").getBytes(StandardCharsets.UTF_8),
                "Content-Type",
                "text/plain",
                "Origin",
                "https://evil.example"));
  }

  @Test
  void onlyTheOriginsThatAreConfiguredGetLeave() {
    Gateway open =
        start(
            config ->
                config.withAllowedOrigins(Set.of("https://app.example", "http://localhost:*")));
    Http at = new Http(open.uri()).as(aliceToken);
    for (String origin :
        List.of("https://app.example", "http://localhost:3000", "http://localhost")) {
      Http.Answer answer = at.get("/v1/source?source=canvas%2Fmain", "Origin", origin);
      assertThat(answer.header("access-control-allow-origin")).isEqualTo(origin);
    }
    for (String origin :
        List.of(
            "https://app.example.evil.example",
            "https://app.example:8443",
            "http://app.example",
            "https://APP.example",
            "null",
            "*",
            "http://localhost:*",
            "http://localhost:",
            "http://localhost:1,https://evil.example",
            "http://localhost:evil.example",
            "http://localhost:123456",
            "http://localhost.evil.example:80",
            "https://localhost:80")) {
      Http.Answer answer = at.get("/v1/source?source=canvas%2Fmain", "Origin", origin);
      assertThat(answer.header("access-control-allow-origin")).as(origin).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript"})
  void aStoredPayloadCannotRunAsAPage(String type) {
    String source = fresh("canvas/");
    byte[] page =
        "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
            .getBytes(StandardCharsets.UTF_8);
    Http.Answer appended =
        asAlice.postAs(
            "/v1/events?type=Drawn&source=" + Http.encoded(source), page, "Content-Type", type);
    assertThat(appended.status()).as(appended.toString()).isEqualTo(200);

    Http.Answer data =
        asOperator.get("/v1/events/" + appended.json().path("firstPosition").asLong() + "/data");

    assertThat(data.response().body()).isEqualTo(page);
    assertThat(data.header("content-type")).startsWith(type);
    assertThat(data.header("x-content-type-options")).isEqualTo("nosniff");
    assertThat(data.header("content-security-policy")).isEqualTo("sandbox; default-src 'none'");
    assertThat(data.header("content-disposition")).isEqualTo("attachment");
    assertThat(data.header("cache-control")).contains("private");
  }

  @Test
  void everyAnswerForbidsGuessingItsType() {
    List<Http.Answer> answers =
        Arrays.asList(
            http.get("/"),
            http.get("/varve-local.js"),
            http.get("/nothing/here"),
            http.get("/v1/identity"),
            http.get("/live"),
            http.get("/v1/head"),
            asAlice.get("/v1/source?source=canvas%2Fmain"),
            asAlice.post("/v1/push", "{"));
    assertThat(answers)
        .allSatisfy(
            answer ->
                assertThat(answer.header("x-content-type-options"))
                    .as(answer.path())
                    .isEqualTo("nosniff"));
    assertThat(http.get("/").header("content-security-policy")).contains("default-src 'self'");
  }
}
