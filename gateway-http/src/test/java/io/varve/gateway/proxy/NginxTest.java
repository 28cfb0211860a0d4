package io.varve.gateway.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import io.varve.gateway.Gateway;
import io.varve.gateway.GatewayConfig;
import io.varve.gateway.http.Eventually;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.testkit.EmbeddedVarve;
import io.varve.testkit.FreePorts;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A stream through nginx as Debian has it, with its buffering of answers on (the default). Skipped
 * where there is no nginx, unless {@code -Dvarve.nginx.required=true} says that there must be.
 */
@Timeout(120)
class NginxTest {
  private static final String SOURCE = "canvas/main";
  private static final int EVENTS = 100;
  private static final Path[] PLACES = {Path.of("/usr/sbin/nginx"), Path.of("/usr/bin/nginx")};

  @TempDir Path directory;

  private EmbeddedVarve varve;
  private Gateway gateway;
  private Process nginx;
  private int port;

  @BeforeEach
  void start() throws Exception {
    Path program = null;
    for (Path place : PLACES) {
      program = Files.isExecutable(place) ? place : program;
    }
    if (program == null) {
      assertThat(Boolean.getBoolean("varve.nginx.required")).as("there must be nginx").isFalse();
      Assumptions.abort("SKIPPED: there is no nginx here");
    }
    varve = EmbeddedVarve.start();
    gateway =
        Gateway.start(
            GatewayConfig.of(List.of(varve.target()), IdentityOptions.open())
                .withDeadline(Duration.ofSeconds(20)));
    port = FreePorts.next();
    Path configuration =
        Files.writeString(
            directory.resolve("nginx.conf"),
            """
            daemon off;
            pid %1$s/nginx.pid;
            error_log %1$s/error.log;
            events {}
            http {
              access_log off;
              client_body_temp_path %1$s/body;
              proxy_temp_path %1$s/proxy;
              fastcgi_temp_path %1$s/fastcgi;
              uwsgi_temp_path %1$s/uwsgi;
              scgi_temp_path %1$s/scgi;
              server {
                listen 127.0.0.1:%2$d;
                location / {
                  proxy_pass http://127.0.0.1:%3$d;
                }
              }
            }
            """
                .formatted(directory, port, gateway.port()));
    nginx =
        new ProcessBuilder(
                program.toString(), "-p", directory.toString(), "-c", configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output").toFile())
            .start();
    Eventually.assertThat(() -> !nginx.isAlive() || isListening(), over -> over);
    assertThat(nginx.isAlive()).as(Files.readString(directory.resolve("output"))).isTrue();
  }

  private boolean isListening() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  @AfterEach
  void stop() throws Exception {
    if (nginx != null) {
      nginx.destroy();
      assertThat(nginx.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    if (gateway != null) {
      gateway.close();
    }
    if (varve != null) {
      varve.close();
    }
  }

  /**
   * In lockstep: no event is appended before the one before it has come through, so one that is
   * held back until more follow would never come.
   */
  @Test
  void noEventWaitsForTheNextOne() throws Exception {
    List<Long> through = new ArrayList<>();
    List<Long> direct = new ArrayList<>();
    try (VarveClient client = varve.clientBuilder().build();
        Following proxied = follow(port);
        Following straight = follow(gateway.port())) {
      proxied.awaitCaughtUp();
      straight.awaitCaughtUp();
      for (int i = 1; i <= EVENTS; i++) {
        long began = System.nanoTime();
        client.append(
            NewEvent.builder(SOURCE, "Painted").key("k").data("{\"n\":" + i + "}").build());
        straight.awaitEvent(i);
        direct.add(System.nanoTime() - began);
        proxied.awaitEvent(i);
        through.add(System.nanoTime() - began);
      }
    }
    System.out.printf(
        "append to delivery, %d events in lockstep: %.1f ms direct, %.1f ms through nginx (medians)%n",
        EVENTS, median(direct), median(through));
  }

  @Test
  void pushesAndPullsPassIt() throws Exception {
    HttpResponse<String> pushed =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(at(port, "/v1/push"))
                    .header("content-type", "application/json")
                    .POST(
                        HttpRequest.BodyPublishers.ofString(
                            """
                            {"clientId":"c","bufferId":"b","events":[
                              {"clientSeq":1,"source":"canvas/main","type":"Painted","key":"k"}]}"""))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(pushed.statusCode()).as(pushed.body()).isEqualTo(200);
    assertThat(pushed.body()).contains("\"landedThrough\":1");
  }

  private static double median(List<Long> nanos) {
    Collections.sort(nanos);
    return nanos.get(nanos.size() / 2) / 1e6;
  }

  private static URI at(int port, String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  private static Following follow(int port) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(at(port, "/v1/stream?source=canvas%2Fmain&after=0"))
            .timeout(Duration.ofSeconds(60))
            .build();
    // Until nginx listens, its port refuses.
    while (true) {
      try {
        HttpResponse<java.io.InputStream> response =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .build()
                .send(request, HttpResponse.BodyHandlers.ofInputStream());
        assertThat(response.statusCode()).isEqualTo(200);
        return new Following(
            new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8)));
      } catch (java.net.ConnectException e) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  /** A stream, line by line. */
  private record Following(BufferedReader lines) implements AutoCloseable {

    void awaitCaughtUp() throws IOException {
      await("event: caught-up");
    }

    void awaitEvent(int number) throws IOException {
      await("\"data\":{\"n\":" + number + "}");
    }

    private void await(String text) throws IOException {
      String line = lines.readLine();
      while (line != null && !line.contains(text)) {
        line = lines.readLine();
      }
      assertThat(line).as("the stream ended before " + text).isNotNull();
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }
}
