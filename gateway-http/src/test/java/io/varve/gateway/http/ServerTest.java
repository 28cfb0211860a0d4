package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.gateway.Gateway;
import io.varve.gateway.TestCallers;
import io.varve.gateway.TestGateway;
import io.varve.testkit.EmbeddedVarve;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What all answers of the server have in common, whatever the route. */
class ServerTest extends RouteTest {

  /** Sends text as it is and reads the answer until the server ends the connection. */
  private String raw(String request) throws IOException {
    try (Socket socket = new Socket(gateway.uri().getHost(), gateway.port())) {
      socket.setSoTimeout(60_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().flush();
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private String rawGet(String target, String... headers) throws IOException {
    StringBuilder request = new StringBuilder("GET " + target + " HTTP/1.1\r\nHost: varve\r\n");
    for (String header : headers) {
      request.append(header).append("\r\n");
    }
    return raw(
        request.append("Authorization: Bearer open\r\nConnection: close\r\n\r\n").toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1", "/v1/", "/v1/nothing", "/v2/head", "/canvas-of-nobody/", "/x.js"})
  void anAddressWithoutAnythingIsAProblem(String path) {
    assertProblem(http.get(path), 404, "NOT_FOUND", "");
    assertProblem(http.send("POST", path, Optional.empty()), 404, "NOT_FOUND", "");
  }

  @Test
  void aMethodThatIsNotForAnAddressIsAProblemThatNamesThoseThatAre() {
    Http.Answer answer = http.send("DELETE", "/v1/events", Optional.empty());

    assertProblem(answer, 405, "METHOD_NOT_ALLOWED", "");
    assertThat(answer.header("allow")).isEqualTo("GET, HEAD, OPTIONS, POST");
    Http.Answer options = http.as("").send("OPTIONS", "/v1/events", Optional.empty());
    assertThat(options.status()).isEqualTo(204);
    assertThat(options.header("allow")).isEqualTo("GET, HEAD, OPTIONS, POST");
  }

  @Test
  void headIsGetWithoutABody() {
    Http.Answer get = http.get("/v1/head");
    Http.Answer head = http.send("HEAD", "/v1/head", Optional.empty());

    assertThat(head.status()).isEqualTo(200);
    assertThat(head.response().body()).isEmpty();
    assertThat(head.header("content-type")).isEqualTo(get.header("content-type"));
  }

  @Test
  void everyAnswerNamesTheLogAndIsNotToBeGuessed() {
    http.get("/v1/head");
    for (String path : new String[] {"/v1/head", "/v1/nothing", "/live", "/v1/events?x=1"}) {
      Http.Answer answer = http.get(path);

      assertThat(answer.header("varve-log-identity"))
          .as(path)
          .isEqualTo(log.head().logIdentity().toString());
      assertThat(answer.header("x-content-type-options")).as(path).isEqualTo("nosniff");
    }
  }

  @ParameterizedTest
  @CsvSource({"%4", "%zz", "%", "%e4%b8"})
  void aQueryThatIsIllFormedIsAProblem(String value) throws IOException {
    String answer = rawGet("/v1/source?source=" + value);

    assertThat(answer).startsWith("HTTP/1.1 400").contains("application/problem+json");
  }

  @Test
  void anAddressThatIsTooLongIsAProblem() throws IOException {
    assertThat(rawGet("/v1/source?source=" + "x".repeat(70_000)))
        .startsWith("HTTP/1.1 414")
        .contains("application/problem+json");
  }

  @Test
  void headersThatAreTooLargeAreAProblem() throws IOException {
    assertThat(rawGet("/v1/head", "X-Large: " + "x".repeat(20_000)))
        .startsWith("HTTP/1.1 431")
        .contains("application/problem+json");
  }

  @Test
  void whatIsNotHttpIsAProblem() throws IOException {
    assertThat(raw("NONSENSE\r\n\r\n")).startsWith("HTTP/1.1 400");
    assertThat(raw("GET v1 HTTP/1.1\r\nHost: varve\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 400")
        .contains("application/problem+json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/source?source=a%0d%0aSet-Cookie:%20a=b",
        "/v1/events?filter=%0d%0aSet-Cookie:%20a=b",
        "/v1/%0d%0aSet-Cookie:%20a=b",
        "/canvas%0d%0aSet-Cookie:%20a=b",
      })
  void noAnswerTakesAHeaderFromItsRequest(String target) throws IOException {
    String answer = rawGet(target, "Origin: https://x%0d%0aSet-Cookie: a=b");

    String headers = answer.substring(0, answer.indexOf("\r\n\r\n"));
    assertThat(headers.toLowerCase(Locale.ROOT)).doesNotContain("\r\nset-cookie");
  }

  @Test
  void pathsThatClimbLeadNowhere() throws IOException {
    for (String target :
        new String[] {
          "/canvas/../../problem/Problem.class",
          "/%2e%2e/openapi.json",
          "/canvas/%2e%2e%2f%2e%2e%2fGateway.class",
          "//openapi.json/..",
          "/test-pages/..%5c..%5cx",
          "/.hidden",
          "/test-pages" + "/\u0000"
        }) {
      assertThat(rawGet(target.replace("\u0000", "%00")))
          .as(target)
          .containsPattern("^HTTP/1.1 40[04]");
    }
  }

  @Test
  void http2IsSpokenOnTheSamePort() throws Exception {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
    HttpRequest request =
        HttpRequest.newBuilder(gateway.uri().resolve("/v1/head"))
            .header("Authorization", "Bearer open")
            .build();

    assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    // The first was an upgrade; what follows is HTTP/2 from its start.
    var second = client.send(request, BodyHandlers.ofString());
    assertThat(second.version()).isEqualTo(HttpClient.Version.HTTP_2);
    assertThat(second.statusCode()).isEqualTo(200);
  }

  @Test
  void pagesOfOtherOriginsGetNoLeaveUnlessConfigured(EmbeddedVarve varve) throws IOException {
    String preflight =
        String.join(
            "\r\n",
            "OPTIONS /v1/push HTTP/1.1",
            "Host: varve",
            "Origin: https://app.example.com",
            "Access-Control-Request-Method: POST",
            "Connection: close",
            "",
            "");

    assertThat(raw(preflight))
        .startsWith("HTTP/1.1 403")
        .contains("PERMISSION_DENIED")
        .doesNotContain("access-control-allow-origin");
    Http.Answer answer = http.get("/v1/head", "Origin", "https://app.example.com");
    assertThat(answer.header("access-control-allow-origin")).isEmpty();
    assertThat(answer.header("vary")).isEqualTo("Origin");

    try (Gateway open =
        TestGateway.start(
            varve.target(),
            callers(),
            config -> config.withAllowedOrigins(Set.of("https://app.example.com")))) {
      Http client = new Http(open.uri());
      Http.Answer allowed =
          client
              .as("")
              .send(
                  "OPTIONS",
                  "/v1/push",
                  Optional.empty(),
                  "Origin",
                  "https://app.example.com",
                  "Access-Control-Request-Method",
                  "POST");
      assertThat(allowed.status()).isEqualTo(204);
      assertThat(allowed.header("access-control-allow-origin"))
          .isEqualTo("https://app.example.com");
      assertThat(allowed.header("access-control-allow-methods")).contains("POST");
      assertThat(allowed.header("access-control-allow-headers"))
          .contains("Authorization", "Idempotency-Key", "Last-Event-ID");
      Http.Answer failed = client.get("/v1/source", "Origin", "https://app.example.com");
      assertThat(failed.status()).isEqualTo(400);
      assertThat(failed.header("access-control-allow-origin")).isEqualTo("https://app.example.com");
      assertThat(failed.header("access-control-expose-headers"))
          .contains("ETag", "Retry-After", "Varve-Log-Identity");
      for (String other :
          new String[] {"https://app.example.com.evil.org", "http://app.example.com", "null"}) {
        assertThat(client.get("/v1/head", "Origin", other).header("access-control-allow-origin"))
            .as(other)
            .isEmpty();
      }
    }
  }

  @Test
  void pagesAreServedAsWhatTheyAreAndMayRunNothingElse() {
    Http.Answer page = http.as("").get("/test-pages/");

    assertThat(page.status()).isEqualTo(200);
    assertThat(page.text()).contains("<title>Test</title>");
    assertThat(page.header("content-type")).isEqualTo("text/html; charset=utf-8");
    assertThat(page.header("content-security-policy")).startsWith("default-src 'self'");
    assertThat(page.header("referrer-policy")).isEqualTo("no-referrer");
    assertThat(page.header("cache-control")).isEqualTo("no-cache");
    assertThat(http.get("/test-pages/", "If-None-Match", page.header("etag")).status())
        .isEqualTo(304);
    assertThat(http.get("/test-pages").header("location")).isEqualTo("/test-pages/");
    assertThat(http.get("/test-pages/code.js").header("content-type"))
        .isEqualTo("text/javascript; charset=utf-8");
    assertThat(http.send("HEAD", "/test-pages/code.js", Optional.empty()).response().body())
        .isEmpty();
    assertThat(http.get("/test-pages/types.d.ts").header("content-type"))
        .isEqualTo("text/plain; charset=utf-8");
    assertThat(http.get("/test-pages/app.webmanifest").header("content-type"))
        .isEqualTo("application/manifest+json");
    assertProblem(
        http.send("POST", "/test-pages/", Optional.empty()), 405, "METHOD_NOT_ALLOWED", "");
  }

  @Test
  void bodiesBeyondWhatTheGatewayHoldsAreTurnedAway(EmbeddedVarve varve) {
    try (Gateway small =
        TestGateway.start(
            varve.target(),
            callers(),
            config -> config.withLimits(Limits.defaults().withHeldBodyBytes(6 << 20)))) {
      Http client = new Http(small.uri());
      byte[] rest = "{\"bufferId\":\"b\"}".getBytes(StandardCharsets.UTF_8);

      // Takes all there is for as long as it has not arrived.
      try (Socket slow = new Socket(small.uri().getHost(), small.port())) {
        slow.getOutputStream()
            .write(
                ("POST /v1/push HTTP/1.1\r\nHost: varve\r\nAuthorization: Bearer open\r\n"
                        + "Content-Type: application/json\r\nContent-Length: "
                        + (6 << 20)
                        + "\r\n\r\n")
                    .getBytes(StandardCharsets.UTF_8));
        slow.getOutputStream().flush();
        // Not by asking until one is turned away: what asks could be held when this one comes.
        Eventually.assertThat(
            () -> client.get("/metrics").text(),
            text -> text.contains("varve_gateway_held_body_bytes " + (6 << 20) + "\n"));
        Http.Answer turnedAway =
            client.postAs("/v1/push", rest, "Content-Type", "application/json");
        assertProblem(turnedAway, 429, "OVERLOADED", "");
        assertThat(turnedAway.header("retry-after")).isEqualTo("1");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      Eventually.assertThat(
          () -> client.postAs("/v1/push", rest, "Content-Type", "application/json"),
          answer -> answer.status() == 400);
    }
  }

  @Test
  void aGatewayIsReadyWhileTheClusterAnswers() {
    EmbeddedVarve own = EmbeddedVarve.start();
    try (Gateway before =
        TestGateway.start(
            own.target(), callers(), config -> config.withDeadline(Duration.ofSeconds(5)))) {
      Http client = new Http(before.uri()).as("");
      Eventually.assertThat(() -> client.get("/ready").text(), "ready\n"::equals);
      assertThat(client.get("/live").text()).isEqualTo("live\n");

      own.close();

      Http.Answer unready =
          Eventually.assertThat(() -> client.get("/ready"), answer -> answer.status() == 503);
      assertThat(unready.text()).startsWith("not ready: ");
      assertThat(client.get("/live").status()).isEqualTo(200);
      // Nothing was handed to the cluster, so certainly nothing was appended.
      Http.Answer push =
          client
              .as(DEVICE)
              .post(
                  "/v1/push",
                  "{\"bufferId\":\"b\",\"events\":[{\"clientSeq\":1,\"source\":\"mine/x\","
                      + "\"type\":\"T\"}]}");
      assertProblem(push, 503, "UNAVAILABLE", "");
      assertThat(push.header("retry-after")).isEqualTo("1");
      // A read has nothing to lose: it may try until its time is up.
      assertThat(client.as(TestCallers.OPEN).get("/v1/events").status()).isIn(503, 504);
    } finally {
      own.close();
    }
  }

  @Test
  void metricsCountWhatIsAnswered() {
    http.get("/v1/head");

    String text =
        Eventually.assertThat(
            () -> http.as("").get("/metrics").text(),
            metrics ->
                metrics.contains("varve_gateway_requests_total{route=\"head\",status=\"200\"}"));

    assertThat(text)
        .contains("# TYPE varve_gateway_request_seconds summary\n")
        .contains("varve_gateway_request_seconds{route=\"head\",quantile=\"0.99\"} ")
        .contains("varve_gateway_request_seconds_count{route=\"head\"} ");
  }
}
