package io.varve.gateway.whole;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpRequestWriter;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.gateway.Gateway;
import io.varve.gateway.http.Http;
import io.varve.gateway.http.Limits;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests made to mislead: names, bodies and headers. */
class HostileInputSecurityTest extends WholeGatewayTest {
  private static final String EVENT = "{\"events\":[{\"type\":\"Painted\"}]}";
  private static final int MIB = 1 << 20;

  /** For plain sockets: what is refused early leaves its connection to a short timeout. */
  private Gateway brief;

  @BeforeAll
  void startBrief() {
    Limits limits = Limits.defaults().withIdleTimeout(Duration.ofSeconds(3));
    brief = start(config -> config.withLimits(limits));
  }

  private List<Event> events(String source) {
    try (EventStream events = log.read(ReadOptions.ofSource(source))) {
      return events.stream().toList();
    }
  }

  private static String json(String text) {
    return text.replace("\\", "\\\\").replace("\"", "\\\"");
  }

  // ---- names of sources ----

  @ParameterizedTest
  @ValueSource(
      strings = {
        "canvas",
        "canvas2/main",
        "canvas%2Fmain",
        "canvas\\main",
        "canvas./main",
        "CANVAS/main",
        "Canvas/main",
        "/canvas/main",
        "//canvas/main",
        "./canvas/main",
        "../canvas/main",
        "x/../canvas/main",
        " canvas/main",
        "\tcanvas/main",
        "\ufeffcanvas/main",
        "\u200bcanvas/main",
        // The fraction slash, the division slash, the full-width slash, the big solidus.
        "canvas\u2044main",
        "canvas\u2215main",
        "canvas\uff0fmain",
        "canvas\u29f8main",
        // A Cyrillic a and c, full-width letters, a letter with a combining mark.
        "c\u0430nvas/main",
        "\u0441anvas/main",
        "\uff43anvas/main",
        "canvas\u0301/main",
        "secret",
        "*",
        "{client}/x"
      })
  void aNameThatOnlyLooksLikeAGrantedOneIsNotGranted(String name) {
    String encoded = Http.encoded(name);

    refused(
        "403 PERMISSION_DENIED",
        "events[0].source",
        () -> asAlice.post("/v1/push", run(fresh("buffer-"), 1, escaped(name), "")));
    refused(
        "403 PERMISSION_DENIED",
        "events[0].source",
        () -> asAlice.post("/v1/events?source=" + encoded, EVENT));
    for (String read : List.of("events", "source", "latest", "stream")) {
      Http.Answer answer =
          nothingIsAppended(() -> asAlice.get("/v1/" + read + "?source=" + encoded));
      assertThat(answer.status() + " " + answer.json().path("code").asText())
          .as(answer.toString())
          .isEqualTo("403 PERMISSION_DENIED");
    }
  }

  @Test
  void thePlaceOfAnotherClientIsNotGranted() {
    for (String name :
        List.of(
            "clients/" + bob.clientId() + "/x",
            "clients/" + alice.clientId(),
            "clients/" + alice.clientId() + "x/y",
            "clients/{client}/x",
            "clients//x",
            "clients/" + alice.clientId().toLowerCase(Locale.ROOT) + "/x")) {
      refused(
          "403 PERMISSION_DENIED",
          "events[0].source",
          () -> asAlice.post("/v1/push", run(fresh("buffer-"), 1, name, "")));
    }
    String own = "clients/" + alice.clientId() + "/x";
    assertThat(asAlice.post("/v1/push", run(fresh("buffer-"), 1, own, "")).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "canvas/../secret",
        "canvas/../_varve/identity",
        "canvas/%2e%2e/secret",
        "canvas/..%2fsecret",
        "canvas//",
        "canvas/./x",
        "canvas/?source=secret&x=",
        "canvas/#fragment",
        "canvas/a+b c",
        "canvas/\u2215",
        "canvas/\"<script>",
        "canvas/\r\nX-Evil: 1",
        "canvas/\u2028"
      })
  void aNameIsANameAndNeverAPath(String name) {
    String buffer = fresh("buffer-");
    int before = events(name).size();
    long identity = log.source("_varve/identity").version();

    Http.Answer pushed = asAlice.post("/v1/push", run(buffer, 1, escaped(name), ""));
    Http.Answer appended = asAlice.post("/v1/events?source=" + Http.encoded(name), EVENT);

    assertThat(pushed.status()).as(pushed.toString()).isEqualTo(200);
    assertThat(appended.status()).as(appended.toString()).isEqualTo(200);
    assertThat(events(name))
        .as("under exactly that name")
        .hasSize(before + 2)
        .allMatch(event -> event.source().equals(name));
    assertThat(events("secret")).isEmpty();
    assertThat(log.source("_varve/identity").version()).isEqualTo(identity);
    Http.Answer read = asAlice.get("/v1/source?source=" + Http.encoded(name));
    assertThat(read.json().path("source").asText()).isEqualTo(name);
    assertThat(read.response().headers().map()).doesNotContainKey("x-evil");
  }

  /** What is no text, or text that a name cannot be, in a query. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "canvas%2F%00",
        "%00",
        "canvas%2F%c0%ae%c0%ae",
        "canvas%2F%c0%af",
        "canvas%2F%e0%80%af",
        "canvas%2F%ed%a0%80",
        "canvas%2F%ed%a0%bd%ed%b8%80",
        "canvas%2F%f4%90%80%80",
        "canvas%2F%ff",
        "canvas%2F%e2%82",
        "canvas%2F%",
        "canvas%2F%2",
        "canvas%2F%zz",
        "canvas%2F%u002e",
        ""
      })
  void whatIsNoTextIsNoName(String encoded) {
    for (String request :
        List.of("GET /v1/source", "GET /v1/stream", "GET /v1/latest", "POST /v1/events")) {
      List<RawHttp.Answer> answers =
          nothingIsAppended(
              () ->
                  RawHttp.send(
                      brief.port(),
                      request
                          + "?source="
                          + encoded
                          + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
                          + (request.startsWith("POST") ? EVENT.length() : 0)
                          + "\r\nContent-Type: application/json\r\nAuthorization: Bearer "
                          + aliceToken
                          + "\r\n\r\n"
                          + (request.startsWith("POST") ? EVENT : "")));
      assertThat(answers).as(request).hasSize(1);
      assertThat(answers.get(0).problem()).as(request).isEqualTo("400 INVALID_ARGUMENT");
      // NUL, and what is no escape, are refused before anybody looks at what the parameters are.
      boolean early = encoded.contains("%00") || encoded.matches(".*%([^0-9a-f].*|.?)");
      assertThat(answers.get(0).json().path("field").asText()).isEqualTo(early ? "" : "source");
    }
  }

  @Test
  void namesThatAreTooLongOrNoTextAreRefusedInBodies() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("half a pair", "canvas/\\ud800");
    names.put("the other half", "canvas/\\udc00x");
    names.put("the wrong way round", "canvas/\\udc00\\ud800");
    names.put("NUL", "canvas/\\u0000");
    names.put("too long", "canvas/" + "x".repeat(506));
    names.put("too long in UTF-8 alone", "canvas/" + "\u20ac".repeat(200));
    names.put("empty", "");
    names.forEach(
        (what, name) -> {
          Http.Answer answer =
              nothingIsAppended(
                  () -> asOperator.post("/v1/push", run(fresh("buffer-"), 1, name, "")));
          assertThat(answer.status() + " " + answer.json().path("code").asText())
              .as(what + ": " + answer)
              .isEqualTo("400 INVALID_ARGUMENT");
          assertThat(answer.json().path("clientSeq").asLong()).as(what).isEqualTo(1);
          Http.Answer live =
              nothingIsAppended(
                  () ->
                      asOperator.post(
                          "/v1/events",
                          "{\"events\":[{\"source\":\"" + name + "\",\"type\":\"Painted\"}]}"));
          assertThat(live.status()).as(what + ": " + live).isEqualTo(400);
        });
    refused(
        "400 INVALID_ARGUMENT",
        "source",
        () -> asAlice.get("/v1/source?source=canvas%2F" + "x".repeat(506)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/../v1/push",
        "/v1/./push",
        "/v1//push",
        "//v1/push",
        "/v1/%70ush/",
        "/V1/PUSH",
        "/v1/push/",
        "/v1/push;x=1",
        "/v1/push%00",
        "/canvas/../v1/push",
        "/canvas/%2e%2e/v1/push",
        "/canvas/..%2fv1/push",
        "/canvas/..\\v1\\push",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/canvas/..%5c..%5cx",
        "/canvas/%00.html",
        "/.git/config",
        "/io/varve/gateway/http/Routes.class",
        "/../Routes.class",
        "/%2e%2e/http/Routes.class",
        "/..%2fhttp/Routes.class",
        "//evil.example/%2e%2e",
        "///evil.example",
        "/canvas/index.html/..",
        "/%ff"
      })
  void aPathLeadsNowhereElse(String path) {
    String body = run(fresh("buffer-"), 1, "canvas/main", "");
    List<RawHttp.Answer> answers =
        nothingIsAppended(
            () ->
                RawHttp.send(
                    brief.port(),
                    "GET "
                        + path
                        + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
                        + aliceToken
                        + "\r\n\r\n"));
    assertThat(answers).hasSize(1);
    assertThat(answers.get(0).status()).as(path + answers).isIn(400, 404, 405);
    assertThat(answers.get(0).headers()).doesNotContainKey("location");
    assertThat(answers.get(0).headers().get("content-type"))
        .first()
        .asString()
        .startsWith("application/problem+json");
    assertThat(body).isNotEmpty();
  }

  // ---- sizes ----

  private String large(int bytes) {
    return run(fresh("buffer-"), 1, "canvas/main", ",\"data\":\"" + "x".repeat(bytes) + "\"");
  }

  @Test
  void anOversizeBodyIs413OverHttp1() {
    byte[] body = large(6 * MIB).getBytes(StandardCharsets.UTF_8);
    refused("413 PAYLOAD_TOO_LARGE", "body", () -> asAlice.postAs("/v1/push", body, JSON));
    refused("413 PAYLOAD_TOO_LARGE", "body", () -> asAlice.postUndeclared("/v1/push", body, JSON));
    refused(
        "413 PAYLOAD_TOO_LARGE",
        "body",
        () -> asAlice.postAs("/v1/events?source=canvas%2Fmain", body, JSON));
    refused(
        "413 PAYLOAD_TOO_LARGE",
        "body",
        () ->
            asAlice.postUndeclared(
                "/v1/events?source=canvas%2Fmain&type=T", body, "Content-Type", "image/png"));
    byte[] key =
        ("{\"publicKey\":\"" + "x".repeat(17 << 10) + "\"}").getBytes(StandardCharsets.UTF_8);
    for (String path : List.of("/v1/identity/challenge", "/v1/identity/token")) {
      assertThat(nothingIsAppended(() -> http.postAs(path, key, JSON)).status()).isEqualTo(413);
      assertThat(nothingIsAppended(() -> postUndeclared(path, key)).status()).isEqualTo(413);
    }
  }

  private static final String[] JSON = {"Content-Type", "application/json"};

  private Http.Answer postUndeclared(String path, byte[] body) {
    return asAlice.postUndeclared(path, body, JSON);
  }

  @Test
  void aDeclaredLengthAloneIsEnoughToRefuseABody() {
    // Not one byte of it is waited for.
    RawHttp.Answer answer =
        nothingIsAppended(
            () -> {
              try (RawHttp connection = new RawHttp(gateway.port())) {
                connection.write(
                    "POST /v1/push HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                        + aliceToken
                        + "\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n");
                return connection.answer().orElseThrow();
              }
            });
    assertThat(answer.problem()).isEqualTo("413 PAYLOAD_TOO_LARGE");
  }

  @Test
  void anOversizeBodyIs413OverHttp2() {
    byte[] body = large(6 * MIB).getBytes(StandardCharsets.UTF_8);
    try (ClientFactory factory =
        ClientFactory.builder().useHttp2Preface(true).idleTimeout(Duration.ofSeconds(60)).build()) {
      WebClient h2 =
          WebClient.builder("h2c://127.0.0.1:" + gateway.port())
              .factory(factory)
              .responseTimeout(Duration.ofMinutes(2))
              .writeTimeout(Duration.ofMinutes(2))
              .build();
      RequestHeaders headers =
          RequestHeaders.builder(HttpMethod.POST, "/v1/push")
              .contentType(MediaType.JSON)
              .add(HttpHeaderNames.AUTHORIZATION, "Bearer " + aliceToken)
              .build();
      AggregatedHttpResponse declared =
          nothingIsAppended(() -> h2.execute(headers, HttpData.wrap(body)).aggregate().join());
      AggregatedHttpResponse undeclared =
          nothingIsAppended(
              () -> {
                HttpRequestWriter request = HttpRequest.streaming(headers);
                for (int i = 0; i < body.length; i += MIB) {
                  request.write(HttpData.copyOf(body, i, Math.min(MIB, body.length - i)));
                }
                request.close();
                return h2.execute(request).aggregate().join();
              });
      for (AggregatedHttpResponse answer : List.of(declared, undeclared)) {
        assertThat(answer.status().code()).isEqualTo(413);
        assertThat(answer.contentUtf8()).contains("\"code\":\"PAYLOAD_TOO_LARGE\"");
      }
      // The connection, and what it says, are fine: the same in small is taken.
      AggregatedHttpResponse fine =
          h2.execute(headers, run(fresh("buffer-"), 1, "canvas/main", "")).aggregate().join();
      assertThat(fine.status().code()).as(fine.contentUtf8()).isEqualTo(200);
    }
  }

  @Test
  void anOversizeEventIsRefusedByItsNumber() {
    Map<String, String> tooLarge = new LinkedHashMap<>();
    tooLarge.put("events[0].data", ",\"data\":\"" + "x".repeat(MIB + 1) + "\"");
    tooLarge.put("events[0].metadata", ",\"metadata\":{\"x\":\"" + "x".repeat(64 << 10) + "\"}");
    tooLarge.forEach(
        (field, more) -> {
          Http.Answer answer =
              refused(
                  "413 PAYLOAD_TOO_LARGE",
                  field,
                  () -> asAlice.post("/v1/push", run(fresh("buffer-"), 7, "canvas/main", more)));
          assertThat(answer.json().path("clientSeq").asLong()).isEqualTo(7);
        });
    Map<String, String> invalid = new LinkedHashMap<>();
    invalid.put("events[0].key", ",\"key\":\"" + "x".repeat(513) + "\"");
    invalid.put("events[0].streamId", ",\"streamId\":\"" + "x".repeat(513) + "\"");
    invalid.put("events[0].tags", ",\"tags\":[" + "\"t\",".repeat(200) + "\"t\"]");
    invalid.put("events[0].tags[0]", ",\"tags\":[\"" + "x".repeat(513) + "\"]");
    invalid.put("events[0].contentType", ",\"contentType\":\"" + "x".repeat(513) + "\"");
    invalid.forEach(
        (field, more) -> {
          Http.Answer answer =
              nothingIsAppended(
                  () -> asAlice.post("/v1/push", run(fresh("buffer-"), 7, "canvas/main", more)));
          assertThat(answer.status() + " " + answer.json().path("code").asText())
              .as(field + answer)
              .isEqualTo("400 INVALID_ARGUMENT");
          assertThat(answer.json().path("field").asText()).startsWith(field.replace("[0]", "[0]"));
          assertThat(answer.json().path("clientSeq").asLong()).isEqualTo(7);
        });
  }

  @Test
  void anAddressOrHeadersThatAreTooLargeAreRefused() {
    String bearer = "\r\nAuthorization: Bearer " + aliceToken + "\r\n\r\n";
    assertThat(
            RawHttp.send(
                brief.port(),
                "GET /v1/source?source=" + "x".repeat(70 << 10) + " HTTP/1.1\r\nHost: x" + bearer))
        .singleElement()
        .satisfies(answer -> assertThat(answer.problem()).isEqualTo("414 INVALID_ARGUMENT"));
    assertThat(
            RawHttp.send(
                brief.port(),
                "GET /v1/source?source=canvas%2Fmain HTTP/1.1\r\nHost: x\r\nX-Large: "
                    + "x".repeat(17 << 10)
                    + bearer))
        .singleElement()
        .satisfies(answer -> assertThat(answer.problem()).isEqualTo("431 INVALID_ARGUMENT"));
  }

  // ---- JSON ----

  @Test
  void whatIsNotJsonIsRefused() {
    String good = run("buffer", 1, "canvas/main", "");
    Map<String, String> bad = new LinkedHashMap<>();
    bad.put("empty", "");
    bad.put("blank", " \n");
    bad.put("truncated", good.substring(0, good.length() - 1));
    bad.put("truncated in a string", good.substring(0, good.indexOf("Painted") + 3));
    bad.put("truncated in an escape", good.substring(0, good.indexOf("Painted")) + "\\u00");
    bad.put("trailing text", good + "x");
    bad.put("a second value", good + good);
    bad.put("a trailing comma", good.replace("}]}", "},]}"));
    bad.put("a byte order mark", "\ufeff" + good);
    bad.put("a comment", "/* */" + good);
    bad.put("single quotes", good.replace('"', '\''));
    bad.put("unquoted names", good.replace("\"bufferId\"", "bufferId"));
    bad.put("a field twice", good.replaceFirst("\\{", "{\"bufferId\":\"other\","));
    bad.put("an event's field twice", good.replace("\"type\"", "\"type\":\"Other\",\"type\""));
    bad.put("a field twice, escaped", good.replace("\"type\"", "\"t\\u0079pe\":\"O\",\"type\""));
    bad.put("a deep field twice", with(good, "\"data\":{\"a\":{\"b\":1,\"b\":2}}"));
    bad.put("NaN", with(good, "\"data\":NaN"));
    bad.put("Infinity", with(good, "\"data\":[-Infinity]"));
    bad.put("a leading zero", with(good, "\"data\":007"));
    bad.put("hexadecimal", with(good, "\"data\":0x10"));
    bad.put("a control character", with(good, "\"data\":\"\u0001\""));
    bad.put("a line break in a string", with(good, "\"data\":\"a\nb\""));
    bad.put("half a pair", with(good, "\"data\":\"\\ud83d\""));
    bad.put("an unknown escape", with(good, "\"data\":\"\\x41\""));
    bad.put("nesting in data", with(good, "\"data\":" + "[".repeat(2000) + "]".repeat(2000)));
    bad.put("endless nesting", "[".repeat(1_000_000));
    bad.put("endless objects", "{\"events\":".repeat(100_000));
    bad.put("a number without end", with(good, "\"data\":" + "9".repeat(100_000)));
    bad.put("an exponent", good.replace(":1,", ":1e0,"));
    bad.put("a fraction", good.replace(":1,", ":1.0,"));
    bad.put("a negative number", good.replace(":1,", ":-1,"));
    bad.put("zero", good.replace(":1,", ":0,"));
    bad.put("too large a number", good.replace(":1,", ":9223372036854775808,"));
    bad.put("a number as a string", good.replace(":1,", ":\"1\","));
    bad.put("an array", "[" + good + "]");
    bad.put("null", "null");
    bad.put("an unknown field", good.replaceFirst("\\{", "{\"__proto__\":{},"));
    bad.put("a wrong type", good.replace("\"canvas/main\"", "[\"canvas/main\"]"));
    bad.forEach(
        (what, body) -> {
          Http.Answer answer = nothingIsAppended(() -> asAlice.post("/v1/push", body));
          assertThat(answer.status() + " " + answer.json().path("code").asText())
              .as(what + ": " + answer)
              .isEqualTo("400 INVALID_ARGUMENT");
          assertThat(answer.json().path("field").asText()).as(what).isNotEmpty();
          assertThat(answer.text().length()).as(what).isLessThan(2_000);
          Http.Answer live =
              nothingIsAppended(() -> asAlice.post("/v1/events?source=canvas%2Fmain", body));
          assertThat(live.status()).as(what + ": " + live).isEqualTo(400);
          for (String path : List.of("/v1/identity/challenge", "/v1/identity/token")) {
            Http.Answer identity = nothingIsAppended(() -> http.post(path, body));
            assertThat(identity.status()).as(what + ": " + identity).isIn(400, 413);
          }
        });
    // What all of these were made of is fine.
    assertThat(asAlice.post("/v1/push", good).status()).isEqualTo(200);
  }

  private static String with(String good, String more) {
    return good.replace("\"type\"", more + ",\"type\"");
  }

  @Test
  void filtersAreReadAsStrictly() {
    for (String filter :
        List.of(
            "{",
            "[]",
            "{\"anyOf\":[{\"source\":\"canvas/main\"}]}x",
            "{\"anyOf\":[{\"source\":\"canvas/main\",\"source\":\"secret\"}]}",
            "{\"anyOf\":[{\"source\":\"canvas/main\"}],\"anyOf\":[{}]}",
            "{\"anyOf\":[{\"source\":\"canvas/\\ud800\"}]}",
            "[".repeat(10_000))) {
      for (String path : List.of("/v1/events", "/v1/stream")) {
        refused(
            "400 INVALID_ARGUMENT",
            "filter",
            () -> asAlice.get(path + "?filter=" + Http.encoded(filter)));
      }
    }
  }

  // ---- what is sent back ----

  @ParameterizedTest
  @CsvSource({
    "Idempotency-Key",
    "Last-Event-ID",
    "Origin",
    "If-None-Match",
    "If-Match",
    "Content-Type",
    "Authorization",
    "Varve-Known-Position",
    "X-Forwarded-Proto",
    "Cookie"
  })
  void aHeaderCannotEndALineOfTheAnswer(String name) {
    // A line break ends a header for whoever reads it; these are what is left: half breaks, NUL.
    for (String breach : List.of("\r", "\0", "\u000b", "\u000c", "\r\r")) {
      List<RawHttp.Answer> answers =
          nothingIsAppended(
              () ->
                  RawHttp.send(
                      brief.port(),
                      "POST /v1/push HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n"
                          + name
                          + ": x"
                          + breach
                          + "X-Evil: 1\r\n\r\n"));
      assertThat(answers).as("%s with %s", name, (int) breach.charAt(0)).hasSize(1);
      assertThat(answers.get(0).problem()).isEqualTo("400 INVALID_ARGUMENT");
      assertThat(answers.get(0).headers()).doesNotContainKey("x-evil");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/source?source=canvas%2F%0d%0aX-Evil:%201",
        "/v1/events?source=canvas%2F%0d%0aX-Evil:%201",
        "/v1/latest?source=canvas%2Fx&prefix=%0d%0aX-Evil:%201",
        "/v1/latest?source=canvas%2Fx&asOf=1%0d%0aX-Evil:%201",
        "/v1/events?source=canvas%2Fx&order=%0d%0aX-Evil:%201",
        "/v1/%0d%0aX-Evil:%201",
        "/canvas%0d%0aX-Evil:%201",
        "/v1/events/1%0d%0aX-Evil:%201",
        "/v1/head?%0d%0aX-Evil:%201=1",
        "/v1/stream?source=canvas%2Fx&after=1%0d%0aX-Evil:%201",
        "/v1/identity?%0d%0aX-Evil:%201=1"
      })
  void aQueryCannotEndALineOfTheAnswer(String path) {
    Http.Answer answer = nothingIsAppended(() -> asAlice.get(path));

    assertThat(answer.response().headers().map()).doesNotContainKey("x-evil");
    assertThat(answer.status()).as(answer.toString()).isIn(200, 400, 404);
  }

  @Test
  void whatAnEventSaysCannotEndALineOfTheAnswer() {
    for (String type :
        List.of(
            "text/html\r\nX-Evil: 1",
            "text/html\nX-Evil: 1",
            "text/html\rX-Evil: 1",
            "text/html; charset=\"\r\nX-Evil: 1\"",
            "text/h\u00e4ml",
            "*/*",
            "nonsense")) {
      long position =
          log.append(
                  NewEvent.builder(fresh("canvas/"), "Drawn").contentType(type).data("x").build())
              .orThrow()
              .lastPosition();
      Http.Answer data = asOperator.get("/v1/events/" + position + "/data");
      assertThat(data.status()).isEqualTo(200);
      assertThat(data.header("content-type")).as(type).isEqualTo("application/octet-stream");
      assertThat(data.response().headers().map()).doesNotContainKey("x-evil");
    }
  }

  @Test
  void anIdempotencyKeyIsAUuidAndNothingElse() {
    UUID key = UUID.randomUUID();
    for (String bad :
        List.of(
            "",
            "x",
            key + "x",
            "\"" + key,
            "\"" + key + "\"; x=1",
            key + ", " + UUID.randomUUID(),
            "{" + key + "}",
            "0-0-0-0-0",
            key.toString().replace("-", ""))) {
      refused(
          "400 INVALID_ARGUMENT",
          "Idempotency-Key",
          () -> asAlice.post("/v1/events?source=canvas%2Fmain", EVENT, "Idempotency-Key", bad));
    }
    refused(
        "400 INVALID_ARGUMENT",
        "Idempotency-Key",
        () ->
            asAlice.post(
                "/v1/events?source=canvas%2Fmain",
                EVENT,
                "Idempotency-Key",
                key.toString(),
                "Idempotency-Key",
                UUID.randomUUID().toString()));
    Http.Answer good =
        asAlice.post(
            "/v1/events?source=canvas%2Fmain", EVENT, "Idempotency-Key", "\"" + key + "\"");
    assertThat(good.header("varve-append-id")).isEqualTo(key.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x", "-1", "1.5", "1e3", "+1", "0x1", "9223372036854775808", "1,2", "1 2"})
  void aLastEventIdIsAPositionAndNothingElse(String id) {
    refused(
        "400 INVALID_ARGUMENT",
        "Last-Event-ID",
        () -> asAlice.get("/v1/stream?source=canvas%2Fmain", "Last-Event-ID", id));
  }

  @Test
  void aHeaderThatMayStandOnceStandsOnce() {
    refused(
        "400 INVALID_ARGUMENT",
        "Last-Event-ID",
        () ->
            asAlice.get(
                "/v1/stream?source=canvas%2Fmain", "Last-Event-ID", "1", "Last-Event-ID", "2"));
    Http.Answer twice =
        nothingIsAppended(
            () ->
                http.send(
                    "GET",
                    "/v1/source?source=canvas%2Fmain",
                    Optional.empty(),
                    "Authorization",
                    "Bearer " + aliceToken,
                    "Authorization",
                    "Bearer " + bobToken));
    assertThat(twice.status()).isEqualTo(400);
  }

  /** A name as it stands within a string of JSON. */
  private static String escaped(String name) {
    StringBuilder escaped = new StringBuilder();
    for (char c : json(name).toCharArray()) {
      if (c < ' ') {
        escaped.append(String.format("\\u%04x", (int) c));
      } else {
        escaped.append(c);
      }
    }
    return escaped.toString();
  }
}
