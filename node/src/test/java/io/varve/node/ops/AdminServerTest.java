package io.varve.node.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.node.cluster.Conditions;
import io.varve.node.cluster.HostAndPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AdminServerTest {

  private static final HostAndPort ANY = new HostAndPort("127.0.0.1", 0);

  private final NodeHealth health = new NodeHealth();
  private final AtomicReference<Optional<String>> notReady =
      new AtomicReference<>(Optional.empty());
  private final AtomicBoolean alive = new AtomicBoolean(true);
  private final HttpClient http = HttpClient.newHttpClient();
  private AdminServer server = serve(AdminOptions.defaults());

  private AdminServer serve(AdminOptions options) {
    return AdminServer.start(ANY, options, health, () -> "up 1\n");
  }

  private void serveInstead(AdminOptions options) {
    server.close();
    server = serve(options);
  }

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void aNodeThatStartsLivesAndIsNotReady() throws Exception {
    assertThat(get("/live").statusCode()).isEqualTo(200);
    assertThat(get("/live").body()).isEqualTo("live\n");
    assertThat(get("/ready").statusCode()).isEqualTo(503);
    assertThat(get("/ready").body()).isEqualTo("not ready: it is starting: it opens its store\n");
  }

  @Test
  void readinessComesAndGoesWithItsReason() throws Exception {
    health.serves(alive::get, notReady::get);
    assertThat(get("/ready").statusCode()).isEqualTo(200);
    assertThat(get("/ready").body()).isEqualTo("ready\n");

    notReady.set(Optional.of("it knows no leader"));
    assertThat(get("/ready").statusCode()).isEqualTo(503);
    assertThat(get("/ready").body()).isEqualTo("not ready: it knows no leader\n");
    assertThat(get("/live").statusCode()).isEqualTo(200);

    health.stops();
    assertThat(get("/ready").body()).isEqualTo("not ready: it is shutting down\n");
    assertThat(get("/live").statusCode()).isEqualTo(200);
  }

  @Test
  void aNodeWhosePartsHaveFailedNeitherLivesNorIsReady() throws Exception {
    health.serves(alive::get, notReady::get);
    alive.set(false);
    assertThat(get("/live").statusCode()).isEqualTo(503);
    assertThat(get("/live").body()).startsWith("not live: the append pipeline has failed");
    assertThat(get("/ready").statusCode()).isEqualTo(503);

    health.serves(
        () -> {
          throw new IllegalStateException("oops");
        },
        notReady::get);
    assertThat(get("/live").statusCode()).isEqualTo(503);
    assertThat(get("/live").body()).contains("oops");
  }

  @Test
  void metricsAreTextThatPrometheusTakes() throws Exception {
    HttpResponse<String> metrics = get("/metrics?name[]=up");
    assertThat(metrics.statusCode()).isEqualTo(200);
    assertThat(metrics.headers().firstValue("content-type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    assertThat(metrics.headers().firstValue("cache-control")).contains("no-store");
    assertThat(metrics.body()).isEqualTo("up 1\n");
  }

  @Test
  void whatItDoesNotServeIsRefused() throws Exception {
    assertThat(get("/").body()).contains("/live", "/ready", "/metrics");
    assertThat(get("/metrics/").statusCode()).isEqualTo(404);
    assertThat(get("/../etc/passwd").statusCode()).isEqualTo(404);
    HttpResponse<String> post = send("POST", "/live");
    assertThat(post.statusCode()).isEqualTo(405);
    assertThat(post.headers().firstValue("allow")).contains("GET, HEAD");
    HttpResponse<String> head = send("HEAD", "/live");
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.headers().firstValue("content-length")).contains("5");
    assertThat(head.body()).isEmpty();
    assertThat(raw("\0\1\2\3 nonsense\r\n\r\n")).startsWith("HTTP/1.1 400 ");
    assertThat(raw("GET /" + "a".repeat(5_000) + " HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 4");
    assertThat(raw("GET /live HTTP/1.1\r\nx: " + "a".repeat(50_000) + "\r\n\r\n"))
        .startsWith("HTTP/1.1 4");
  }

  /** Silent callers, and slow metrics, must not cost a node its liveness probe. */
  @Test
  void probesAreAnsweredWhateverOthersDo() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    server.close();
    server =
        AdminServer.start(
            ANY,
            AdminOptions.defaults(),
            health,
            () -> {
              awaitQuietly(release);
              return "";
            });
    List<Socket> silent = new ArrayList<>();
    List<CompletableFuture<HttpResponse<String>>> scrapes = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        silent.add(connect());
        silent.get(i).getOutputStream().write("GET /li".getBytes(StandardCharsets.US_ASCII));
      }
      for (int i = 0; i < 20; i++) {
        scrapes.add(
            http.sendAsync(request("GET", "/metrics"), HttpResponse.BodyHandlers.ofString()));
      }
      assertThat(get("/live").statusCode()).isEqualTo(200);
      // None is rendered yet: what is answered now did not fit.
      Conditions.await("a refusal", () -> scrapes.stream().anyMatch(CompletableFuture::isDone));
      release.countDown();
      List<Integer> answers = new ArrayList<>();
      for (CompletableFuture<HttpResponse<String>> scrape : scrapes) {
        answers.add(scrape.get().statusCode());
      }
      // One is rendered and eight wait; what does not fit is told so.
      assertThat(answers).containsOnly(200, 503);
    } finally {
      release.countDown();
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }

  @Test
  void aConnectionLastsNoLongerThanItMay() throws Exception {
    serveInstead(AdminOptions.defaults().withConnections(2, Duration.ofMillis(300)));
    try (Socket socket = connect()) {
      socket.getOutputStream().write("GET /live HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void tooManyConnectionsAreClosedAtOnce() throws Exception {
    serveInstead(AdminOptions.defaults().withConnections(2, Duration.ofMinutes(5)));
    Socket first = connect();
    Socket second = connect();
    try (first;
        second;
        Socket third = connect()) {
      assertThat(third.getInputStream().read()).isEqualTo(-1);
      first.close();
      second.close();
      awaitLive();
    }
  }

  @Test
  void aPortInUseIsNamed() {
    HostAndPort taken = new HostAndPort("127.0.0.1", server.port());
    assertThatThrownBy(() -> AdminServer.start(taken, AdminOptions.defaults(), health, () -> ""))
        .hasMessageStartingWith("the admin port cannot listen on " + taken.text());
  }

  private void awaitLive() throws Exception {
    while (true) {
      try {
        assertThat(get("/live").statusCode()).isEqualTo(200);
        return;
      } catch (IOException e) {
        // The server has not seen the others go yet.
        Thread.onSpinWait();
      }
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(30_000);
    return socket;
  }

  private String raw(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send("GET", path);
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    return http.send(request(method, path), HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest request(String method, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
        .timeout(Duration.ofSeconds(30))
        .method(method, HttpRequest.BodyPublishers.noBody())
        .build();
  }
}
