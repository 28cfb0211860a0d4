package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.varve.faults.HostileProxy.Fate;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each fate is what it says, as the client sees it and as what arrives shows it. */
class HostileProxyTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final long SEED = 7;
  private static final String ANSWER = "the answer";

  private final List<String> arrived = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;
  private HostileProxy proxy;
  private volatile Fate fate = Fate.FORWARDED;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
    proxy =
        new HostileProxy(
            server.getAddress()::getPort, new SplittableRandom(SEED), (method, path) -> fate);
  }

  @AfterEach
  void close() {
    proxy.close();
    server.stop(0);
    threads.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    arrived.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + body);
    boolean stream = exchange.getRequestURI().getPath().equals("/v1/stream");
    exchange.sendResponseHeaders(200, stream ? 0 : ANSWER.length());
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(ANSWER.getBytes(StandardCharsets.UTF_8));
      while (stream) {
        out.write(new byte[1_000]);
      }
    }
  }

  @Test
  void forwardsARequestAndItsAnswerOnce() throws IOException {
    assertThat(post()).startsWith("HTTP/1.1 200").endsWith(ANSWER);
    assertThat(arrived).containsExactly("POST /v1/push hello");
    assertThat(proxy.count(Fate.FORWARDED)).isEqualTo(1);
  }

  @Test
  void understandsABodyInChunks() throws IOException {
    String request =
        """
        POST /v1/push HTTP/1.1
        Host: x
        Transfer-Encoding: chunked

        2
        he
        3;x=y
        llo
        0

        """
            .replace("\n", "\r\n");
    assertThat(ask(request, LIMIT)).endsWith(ANSWER);
    assertThat(arrived).containsExactly("POST /v1/push hello");
  }

  @Test
  void losesARequest() {
    fate = Fate.LOST_REQUEST;
    assertThatThrownBy(this::post).isInstanceOf(IOException.class);
    assertThat(arrived).isEmpty();
  }

  @Test
  void losesAnAnswer() {
    fate = Fate.LOST_ANSWER;
    assertThatThrownBy(this::post).isInstanceOf(IOException.class);
    assertThat(arrived).hasSize(1);
  }

  @Test
  void cutsAnAnswer() throws IOException {
    fate = Fate.CUT_ANSWER;
    try (Socket socket = send("GET /v1/head HTTP/1.1\r\nHost: x\r\n\r\n", LIMIT)) {
      StringBuilder read = new StringBuilder();
      assertThatThrownBy(() -> readInto(read, socket)).isInstanceOf(IOException.class);
      assertThat(read.toString()).doesNotEndWith(ANSWER);
    }
    assertThat(arrived).hasSize(1);
  }

  @Test
  void isSilent() {
    fate = Fate.SILENT;
    assertThatThrownBy(() -> ask(pushing(), Duration.ofMillis(300)))
        .isInstanceOf(SocketTimeoutException.class);
    assertThat(arrived).hasSizeLessThanOrEqualTo(1);
  }

  @Test
  void holdsBackARequest() throws IOException {
    fate = Fate.HELD_BACK;
    int held = 1 + new SplittableRandom(SEED).nextInt(400);
    long began = System.nanoTime();
    assertThat(post()).endsWith(ANSWER);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofMillis(held));
    assertThat(arrived).hasSize(1);
  }

  @Test
  void breaksAConnectionAndDeliversItsRequestLater() throws IOException {
    fate = Fate.ARRIVED_LATE;
    assertThatThrownBy(this::post).isInstanceOf(IOException.class);
    Await.until("it to arrive", LIMIT, () -> arrived.size() == 1);
  }

  @Test
  void deliversARequestTwiceAtOnce() throws IOException {
    fate = Fate.TWICE_AT_ONCE;
    assertThat(post()).endsWith(ANSWER);
    Await.until("it to arrive twice", LIMIT, () -> arrived.size() == 2);
    assertThat(arrived.get(1)).isEqualTo(arrived.get(0));
  }

  @Test
  void deliversARequestAgainAfterANewerOne() throws IOException {
    fate = Fate.AGAIN_LATER;
    assertThat(post()).endsWith(ANSWER);
    fate = Fate.FORWARDED;
    assertThat(ask("GET /newer HTTP/1.1\r\nHost: x\r\n\r\n", LIMIT)).endsWith(ANSWER);
    Await.until("it to arrive again", LIMIT, () -> arrived.size() == 3);
    assertThat(arrived.get(0)).isEqualTo("POST /v1/push hello");
    assertThat(arrived).filteredOn(arrived.get(0)::equals).hasSize(2);
  }

  @Test
  void cutsAStream() throws IOException {
    fate = Fate.STREAM_CUT;
    try (Socket socket = send("GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n", LIMIT)) {
      assertThatThrownBy(() -> readInto(new StringBuilder(), socket))
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void letsAStreamFallSilent() throws IOException {
    fate = Fate.STREAM_SILENT;
    try (Socket socket = send("GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n", LIMIT)) {
      StringBuilder read = new StringBuilder();
      read.append((char) socket.getInputStream().read());
      socket.setSoTimeout(2_000);
      assertThatThrownBy(() -> readInto(read, socket)).isInstanceOf(SocketTimeoutException.class);
      assertThat(read.toString()).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void isOfflineAndOnlineAgain() throws IOException {
    fate = Fate.SILENT;
    try (Socket before = send(pushing(), LIMIT)) {
      Await.until("the request to be read", LIMIT, () -> proxy.count(Fate.SILENT) == 1);
      proxy.goOffline();
      assertThatThrownBy(() -> readInto(new StringBuilder(), before))
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(SocketTimeoutException.class);
    }
    fate = Fate.FORWARDED;
    assertThatThrownBy(this::post).isInstanceOf(IOException.class);
    assertThat(proxy.count(Fate.REFUSED)).isEqualTo(1);
    proxy.goOnline();
    assertThat(post()).endsWith(ANSWER);
  }

  @Test
  void behavesWhenItIsTold() throws IOException {
    fate = Fate.LOST_REQUEST;
    proxy.goOffline();
    proxy.behave();
    assertThat(post()).endsWith(ANSWER);
    assertThat(arrived).hasSize(1);
  }

  private String post() throws IOException {
    return ask(pushing(), LIMIT);
  }

  private static String pushing() {
    return "POST /v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
  }

  private String ask(String request, Duration silence) throws IOException {
    StringBuilder answer = new StringBuilder();
    try (Socket socket = send(request, silence)) {
      readInto(answer, socket);
    }
    return answer.toString();
  }

  /**
   * Sends a request on a connection of its own.
   *
   * @param silence after how long without a byte a read fails
   */
  private Socket send(String request, Duration silence) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
    socket.setSoTimeout((int) silence.toMillis());
    socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  /** Reads to the orderly end of the connection; a reset is no such end. */
  private static void readInto(StringBuilder read, Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    int c;
    while ((c = in.read()) >= 0) {
      read.append((char) c);
    }
  }
}
