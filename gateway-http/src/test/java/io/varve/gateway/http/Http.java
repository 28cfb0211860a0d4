package io.varve.gateway.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.varve.gateway.TestCallers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A plain HTTP client of one gateway, with a token. */
public final class Http {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client;
  private final URI base;
  private final String token;
  private final Consumer<Answer> seen;

  public Http(URI base) {
    this(base, TestCallers.OPEN, answer -> {});
  }

  private Http(URI base, String token, Consumer<Answer> seen) {
    this(
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(60))
            .build(),
        base,
        token,
        seen);
  }

  Http(HttpClient client, URI base, String token, Consumer<Answer> seen) {
    this.client = client;
    this.base = base;
    this.token = token;
    this.seen = seen;
  }

  /** The same as another caller. */
  public Http as(String other) {
    return new Http(client, base, other, seen);
  }

  /** The same, telling of every answer. */
  Http watched(Consumer<Answer> watcher) {
    return new Http(client, base, token, watcher);
  }

  URI base() {
    return base;
  }

  public Answer get(String path, String... headers) {
    return send("GET", path, Optional.empty(), headers);
  }

  public Answer post(String path, String json, String... headers) {
    String[] all = new String[headers.length + 2];
    all[0] = "Content-Type";
    all[1] = "application/json";
    System.arraycopy(headers, 0, all, 2, headers.length);
    return postAs(path, json.getBytes(StandardCharsets.UTF_8), all);
  }

  public Answer postAs(String path, byte[] body, String... headers) {
    return send("POST", path, Optional.of(body), headers);
  }

  /** Posts a body whose length is not declared before it. */
  public Answer postUndeclared(String path, byte[] body, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path)).headers(headers);
    request.header("Authorization", "Bearer " + token);
    request.POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)));
    try {
      return told("POST", path, client.send(request.build(), BodyHandlers.ofByteArray()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  CompletableFuture<Answer> getAsync(String path) {
    return client
        .sendAsync(request("GET", path, Optional.empty()), BodyHandlers.ofByteArray())
        .thenApply(answer -> told("GET", path, answer));
  }

  public Answer send(String method, String path, Optional<byte[]> body, String... headers) {
    try {
      return told(
          method,
          path,
          client.send(request(method, path, body, headers), BodyHandlers.ofByteArray()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private Answer told(String method, String path, HttpResponse<byte[]> response) {
    Answer answer = new Answer(method, path, response);
    seen.accept(answer);
    return answer;
  }

  private HttpRequest request(
      String method, String path, Optional<byte[]> body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(base.resolve(path))
            .timeout(Duration.ofMinutes(2))
            .method(method, body.map(BodyPublishers::ofByteArray).orElse(BodyPublishers.noBody()));
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return request.build();
  }

  public static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /** An answer, and what was asked. */
  public record Answer(String method, String path, HttpResponse<byte[]> response) {
    public int status() {
      return response.statusCode();
    }

    public String text() {
      return new String(response.body(), StandardCharsets.UTF_8);
    }

    public JsonNode json() {
      try {
        return JSON.readTree(response.body());
      } catch (IOException e) {
        throw new UncheckedIOException(text(), e);
      }
    }

    public String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    @Override
    public String toString() {
      return method + " " + path + " -> " + status() + " " + text();
    }
  }
}
