package io.varve.gateway.whole;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.gateway.Gateway;
import io.varve.gateway.http.Eventually;
import io.varve.gateway.http.Http;
import io.varve.gateway.http.Limits;
import io.varve.gateway.sse.Http1Sse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Connections that smuggle, that dawdle, and too many of them. */
class ConnectionSecurityTest extends WholeGatewayTest {
  private static final Duration SHORT = Duration.ofSeconds(2);

  /** Long after the limits of the test, and no longer than a person would wait. */
  private static final long BOUND_SECONDS = 60;

  private Gateway hasty;
  private Http atHasty;

  @BeforeAll
  void startHasty() {
    hasty =
        start(
            config ->
                config.withLimits(
                    Limits.defaults().withIdleTimeout(SHORT).withRequestTimeout(SHORT)));
    atHasty = new Http(hasty.uri()).as(aliceToken);
  }

  private String push(String framing, String body) {
    return "POST /v1/push HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        + aliceToken
        + "\r\nContent-Type: application/json\r\n"
        + framing
        + "\r\n"
        + body;
  }

  private static String chunked(String body) {
    return Integer.toHexString(body.getBytes(StandardCharsets.ISO_8859_1).length)
        + "\r\n"
        + body
        + "\r\n0\r\n\r\n";
  }

  /** Framings on which two readers of one connection could disagree. */
  static Stream<String> ambiguousFramings() {
    return Stream.of(
        "Content-Length: LENGTH\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: LENGTH\r\n",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: LENGTH\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nContent-Length: LENGTH\r\n",
        "Content-Length: LENGTH, 4\r\n",
        "Content-Length: +LENGTH\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0xff\r\n",
        "Content-Length: LENGTH x\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length:\r\n",
        "Content-Length : LENGTH\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding:\u000bchunked\r\n",
        "X: y\r\n Content-Length: LENGTH\r\n",
        "X: y\rContent-Length: LENGTH\r\n");
  }

  @ParameterizedTest
  @MethodSource("ambiguousFramings")
  void anAmbiguousFramingEndsTheConnectionWithNothingAppended(String framing) {
    String smuggled = run(fresh("buffer-"), 1, "canvas/main", ",\"key\":\"smuggled\"");
    String second = push("Content-Length: " + smuggled.length() + "\r\n", smuggled);
    String body = run(fresh("buffer-"), 1, "canvas/main", "");
    for (String sent : List.of(body, chunked(body), "0\r\n\r\n")) {
      String request =
          push(framing.replace("LENGTH", String.valueOf(sent.length())), sent) + second;

      List<RawHttp.Answer> answers = nothingIsAppended(() -> RawHttp.send(gateway.port(), request));

      // Whatever is looked at is refused, and the connection ends.
      assertThat(answers).as(framing).hasSizeBetween(1, 2);
      assertThat(answers)
          .as(framing)
          .allSatisfy(answer -> assertThat(answer.status()).isIn(400, 501));
      assertThat(answers.get(0).headers().get("content-type").get(0))
          .startsWith("application/problem+json");
    }
  }

  @Test
  void aSoundFramingIsTaken() {
    String one = run(fresh("buffer-"), 1, "canvas/main", "");
    String two = run(fresh("buffer-"), 1, "canvas/main", "");
    List<RawHttp.Answer> answers =
        RawHttp.send(
            gateway.port(),
            push("Transfer-Encoding: chunked\r\n", chunked(one))
                + push("Connection: close\r\nContent-Length: " + two.length() + "\r\n", two));
    assertThat(answers).extracting(RawHttp.Answer::status).containsExactly(200, 200);
  }

  @Test
  void aMalformedChunkIsRefused() {
    String body = run(fresh("buffer-"), 1, "canvas/main", "");
    String size = Integer.toHexString(body.length());
    for (String chunks :
        List.of(
            "-" + size + "\r\n" + body + "\r\n0\r\n\r\n",
            "+" + size + "\r\n" + body + "\r\n0\r\n\r\n",
            "0x" + size + "\r\n" + body + "\r\n0\r\n\r\n",
            "ffffffffffffffff1\r\n" + body + "\r\n0\r\n\r\n",
            "zz\r\n" + body + "\r\n0\r\n\r\n",
            "\r\n" + body)) {
      List<RawHttp.Answer> answers =
          nothingIsAppended(
              () -> RawHttp.send(hasty.port(), push("Transfer-Encoding: chunked\r\n", chunks)));
      assertThat(answers).as(chunks).hasSize(1);
      assertThat(answers.get(0).status()).as(chunks + answers).isEqualTo(400);
    }
  }

  @Test
  void aRequestLineIsReadStrictly() {
    for (String line :
        List.of(
            "GET /v1/identity",
            "GET  HTTP/1.1",
            "GET /v1/identity HTTP/1.1 x",
            "GET /v1/identity\0 HTTP/1.1",
            "G\0T /v1/identity HTTP/1.1",
            "EVIL /v1/identity HTTP/1.1",
            "CONNECT evil.example:80 HTTP/1.1",
            "TRACE /v1/identity HTTP/1.1",
            "GET http://evil.example/v1/push HTTP/1.1")) {
      List<RawHttp.Answer> answers =
          nothingIsAppended(
              () -> RawHttp.send(hasty.port(), line + "\r\nHost: x\r\nConnection: close\r\n\r\n"));
      assertThat(answers.size()).as(line).isLessThanOrEqualTo(1);
      assertThat(answers)
          .as(line)
          .allSatisfy(answer -> assertThat(answer.status()).isIn(400, 401, 404, 405, 501));
    }
  }

  // ---- time ----

  /** Sends a character every now and then until the connection is closed. */
  private static Optional<RawHttp.Answer> dawdle(RawHttp connection, String begin, String piece)
      throws InterruptedException {
    long start = System.nanoTime();
    connection.write(begin);
    Thread trickle =
        new Thread(
            () -> {
              try {
                while (connection.write(piece)) {
                  TimeUnit.MILLISECONDS.sleep(100);
                }
              } catch (InterruptedException e) {
                // The answer is here.
              }
            });
    trickle.setDaemon(true);
    trickle.start();
    Optional<RawHttp.Answer> answer = connection.answer();
    assertThat(answer.isEmpty() ? Optional.empty() : connection.answer())
        .as("the connection is closed")
        .isEmpty();
    trickle.interrupt();
    trickle.join();
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isLessThan(Duration.ofSeconds(BOUND_SECONDS));
    return answer;
  }

  @Test
  void aConnectionThatSaysNothingIsClosed() {
    try (RawHttp connection = new RawHttp(hasty.port())) {
      assertThat(connection.answer()).isEmpty();
    }
  }

  @Test
  void headersThatDawdleEndInBoundedTime() throws Exception {
    Map<String, String> beginnings = new LinkedHashMap<>();
    beginnings.put("a request line", "GET /v1/");
    beginnings.put("a header", "GET /v1/identity HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    beginnings.put("a preface of HTTP/2", "PRI * HTTP/2.0\r\n");
    for (Map.Entry<String, String> beginning : beginnings.entrySet()) {
      try (RawHttp connection = new RawHttp(hasty.port())) {
        dawdle(connection, beginning.getValue(), "x");
      }
    }
    try (RawHttp connection = new RawHttp(hasty.port())) {
      // Whole headers, one after the other, without an end.
      dawdle(connection, "GET /v1/identity HTTP/1.1\r\nHost: x\r\n", "X: y\r\n");
    }
    try (RawHttp connection = new RawHttp(hasty.port())) {
      // Behind a request that was answered.
      connection.write("GET /v1/identity HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(connection.answer())
          .hasValueSatisfying(a -> assertThat(a.status()).isEqualTo(200));
      dawdle(connection, "GET /v1/identity HTTP/1.1\r\nHost: x\r\nX-Slow: ", "x");
    }
  }

  @Test
  void aBodyThatDawdlesEndsInBoundedTime() throws Exception {
    String prefix = "{\"bufferId\":\"b\",\"events\":[";
    for (String framing :
        List.of("Content-Length: 1000000\r\n", "Transfer-Encoding: chunked\r\n")) {
      boolean chunked = framing.startsWith("T");
      long before = head();
      try (RawHttp connection = new RawHttp(hasty.port())) {
        Optional<RawHttp.Answer> answer =
            dawdle(connection, push(framing, chunked ? "" : prefix), chunked ? "1\r\n \r\n" : " ");
        assertThat(answer).isPresent();
        assertThat(answer.get().problem()).isEqualTo("504 DEADLINE_EXCEEDED");
      }
      assertThat(head()).isEqualTo(before);
    }
    try (RawHttp connection = new RawHttp(hasty.port())) {
      dawdle(
          connection,
          push("Content-Length: 10000\r\n", "").replace("/v1/push", "/v1/identity/challenge"),
          " ");
    }
  }

  @Test
  void aStreamIsNotCutForBeingQuiet() throws Exception {
    try (Http1Sse stream =
        new Http1Sse(
            hasty.port(), "?source=canvas%2Fquiet", "Authorization: Bearer " + aliceToken)) {
      stream.next("caught-up");
      // Well beyond both limits; the statement is about time.
      TimeUnit.MILLISECONDS.sleep(3 * SHORT.toMillis());
      assertThat(
              asAlice
                  .post("/v1/events?source=canvas%2Fquiet", "{\"events\":[{\"type\":\"T\"}]}")
                  .status())
          .isEqualTo(200);
      assertThat(stream.next("message").json().path("type").asText()).isEqualTo("T");
    }
  }

  // ---- numbers ----

  @Test
  void noMoreThanSoManyConnectionsAreOpen() {
    Gateway small = start(config -> config.withLimits(Limits.defaults().withConnections(3)));
    String ask = "GET /v1/identity HTTP/1.1\r\nHost: x\r\n\r\n";
    List<RawHttp> open = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        RawHttp connection = new RawHttp(small.port());
        open.add(connection);
        connection.write(ask);
        assertThat(connection.answer()).isPresent();
      }
      try (RawHttp further = new RawHttp(small.port())) {
        further.write(ask);
        assertThat(further.answer()).as("closed without an answer").isEmpty();
      }
      open.get(1).write(ask);
      assertThat(open.get(1).answer()).as("those that are open go on").isPresent();

      open.remove(0).close();
      Eventually.assertThat(
          () -> {
            try (RawHttp next = new RawHttp(small.port())) {
              return next.write(ask) && next.answer().isPresent();
            }
          },
          served -> served);
    } finally {
      open.forEach(RawHttp::close);
    }
  }

  @Test
  void bodiesThatAreNotSentTakeNoMoreThanTheirShare() {
    List<RawHttp> open = new ArrayList<>();
    try {
      // Each says that it is as large as may be: ten of 6 MiB, of 64 MiB for all together.
      for (int i = 0; i < 10; i++) {
        RawHttp connection = new RawHttp(gateway.port());
        open.add(connection);
        connection.write(push("Content-Length: " + (6 << 20) + "\r\n", "{"));
      }
      // Not by asking until one is refused: what asks could be held when one of these comes.
      Eventually.assertThat(
          () -> http.get("/metrics").text(),
          text -> text.contains("varve_gateway_held_body_bytes " + 10 * (6 << 20) + "\n"));
      Http.Answer refused = asAlice.post("/v1/push", largest());
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.json().path("code").asText()).isEqualTo("OVERLOADED");
      assertThat(refused.json().path("retryAfterMs").asLong()).isPositive();
    } finally {
      open.forEach(RawHttp::close);
    }
    // What those who went away held is free again.
    Eventually.assertThat(
        () -> asAlice.post("/v1/push", largest()), answer -> answer.status() != 429);
    Eventually.assertThat(
        () -> atHasty.get("/v1/source?source=canvas%2Fmain").status(), status -> status == 200);
  }

  /** A body of 5 MiB that is otherwise nothing. */
  private static String largest() {
    return " ".repeat(5 << 20);
  }
}
