package io.varve.client.localfirst;

import io.varve.client.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The gateways, tried in turn, and the token they ask for. Calls block, and end early when their
 * thread is interrupted. Thread-safe.
 */
final class Gateways {

  /** A page ends early past 4 MiB; one event more, in base64, and the rest fit twice. */
  private static final int MAX_ANSWER_BYTES = 16 << 20;

  /** Of its lifetime, how much of a token is used before the next is asked for. */
  private static final double TOKEN_USE = 0.8;

  private final HttpClient http;
  private final List<URI> bases;
  private final ClientKey key;
  private final Duration timeout;
  private final AtomicInteger current = new AtomicInteger();
  private Optional<Token> token = Optional.empty();

  Gateways(HttpClient http, List<URI> bases, ClientKey key, Duration timeout) {
    this.http = http;
    this.bases = List.copyOf(bases);
    this.key = key;
    this.timeout = timeout;
  }

  /** A token; empty in open mode. It is used until a time of {@code System.nanoTime()}. */
  private record Token(Optional<String> value, long untilNanos) {}

  /** A query's parameters, in order. */
  static final class Query {
    private final StringBuilder text = new StringBuilder();

    Query add(String name, Object value) {
      text.append(text.length() == 0 ? '?' : '&').append(name).append('=');
      text.append(URLEncoder.encode(value.toString(), StandardCharsets.UTF_8));
      return this;
    }

    Query add(String name, Optional<?> value) {
      value.ifPresent(present -> add(name, present));
      return this;
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }

  String get(String pathAndQuery) throws GatewayException, InterruptedException {
    return authorized(base -> request(base, pathAndQuery).GET());
  }

  String post(String path, String json) throws GatewayException, InterruptedException {
    return authorized(
        base ->
            request(base, path)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json)));
  }

  /** Opens an event stream; the caller closes it. */
  ByteQueue stream(String pathAndQuery) throws GatewayException, InterruptedException {
    HttpResponse<ByteQueue> response =
        withToken(
            base ->
                request(base, pathAndQuery)
                    .setHeader("Accept", "text/event-stream")
                    .header("Cache-Control", "no-cache")
                    .GET());
    String type = response.headers().firstValue("Content-Type").orElse("");
    if (!type.toLowerCase(Locale.ROOT).startsWith("text/event-stream")) {
      response.body().close();
      throw GatewayException.invalidAnswer(
          "the stream's content type is '" + type + "', not text/event-stream");
    }
    return response.body();
  }

  /** The next call goes to another gateway, if there is one. */
  void rotate() {
    current.updateAndGet(index -> (index + 1) % bases.size());
  }

  /** The next call asks for a new token. */
  synchronized void forgetToken() {
    token = Optional.empty();
  }

  private String authorized(Making making) throws GatewayException, InterruptedException {
    return body(withToken(making));
  }

  private HttpResponse<ByteQueue> withToken(Making making)
      throws GatewayException, InterruptedException {
    int index = current.get();
    URI base = bases.get(index);
    try {
      for (int attempt = 1; ; attempt++) {
        Optional<String> bearer = token(base);
        HttpRequest.Builder request = making.request(base);
        bearer.ifPresent(value -> request.setHeader("Authorization", "Bearer " + value));
        HttpResponse<ByteQueue> response = send(request.build());
        if (response.statusCode() / 100 == 2) {
          return response;
        }
        GatewayException problem =
            Answers.problem(response.statusCode(), response.headers(), body(response));
        if (response.statusCode() != 401) {
          throw problem;
        }
        // It has ended or was revoked, or this gateway asks for one where another did not.
        forgetToken();
        if (attempt > 1) {
          throw problem;
        }
      }
    } catch (GatewayException e) {
      if (e.anotherMayDoBetter()) {
        current.compareAndSet(index, (index + 1) % bases.size());
      }
      throw e;
    }
  }

  /** One thread asks; the others use what it gets. */
  private synchronized Optional<String> token(URI base)
      throws GatewayException, InterruptedException {
    if (token.isPresent() && token.get().untilNanos() - System.nanoTime() > 0) {
      return token.get().value();
    }
    Answers.Fields identity = plain(request(base, "/v1/identity").GET());
    // By the time that passes here: a device's clock may be wrong by years.
    long lifetimeSeconds = Math.min(86_400, Math.max(1, identity.number("tokenLifetimeSeconds")));
    long asked = System.nanoTime();
    Optional<String> value =
        identity.text("mode").equals("open") ? Optional.empty() : Optional.of(prove(base));
    token =
        Optional.of(
            new Token(
                value, asked + (long) (Duration.ofSeconds(lifetimeSeconds).toNanos() * TOKEN_USE)));
    return value;
  }

  private String prove(URI base) throws GatewayException, InterruptedException {
    Answers.Fields challenge =
        plain(json(request(base, "/v1/identity/challenge"), Json.object(key::writePublicKey)));
    String text = challenge.text("challenge");
    String signature = key.answer(challenge.text("audience"), text);
    Answers.Fields answer =
        plain(
            json(
                request(base, "/v1/identity/token"),
                Json.object(
                    out -> {
                      key.writePublicKey(out);
                      out.writeStringField("challenge", text);
                      out.writeStringField("signature", signature);
                    })));
    if (!answer.text("clientId").equals(key.clientId())) {
      throw GatewayException.invalidAnswer(
          "the token is another client's: " + answer.text("clientId"));
    }
    return answer.text("token");
  }

  private static HttpRequest.Builder json(HttpRequest.Builder request, String json) {
    return request.header("Content-Type", "application/json").POST(BodyPublishers.ofString(json));
  }

  private Answers.Fields plain(HttpRequest.Builder request)
      throws GatewayException, InterruptedException {
    HttpResponse<ByteQueue> response = send(request.build());
    String body = body(response);
    if (response.statusCode() / 100 != 2) {
      throw Answers.problem(response.statusCode(), response.headers(), body);
    }
    return Answers.fields(body);
  }

  private HttpRequest.Builder request(URI base, String pathAndQuery) {
    String root = base.toString();
    root = root.endsWith("/") ? root.substring(0, root.length() - 1) : root;
    return HttpRequest.newBuilder(URI.create(root + pathAndQuery))
        .timeout(timeout)
        // In the clear, HTTP/2 would start with an upgrade, which servers refuse with a large body.
        .version(
            "https".equalsIgnoreCase(base.getScheme())
                ? HttpClient.Version.HTTP_2
                : HttpClient.Version.HTTP_1_1)
        .header("Accept", "application/json");
  }

  private HttpResponse<ByteQueue> send(HttpRequest request)
      throws GatewayException, InterruptedException {
    try {
      return http.send(request, head -> new ByteQueue());
    } catch (IOException e) {
      URI uri = request.uri();
      throw GatewayException.unreachable(
          uri.getScheme() + "://" + uri.getAuthority() + " does not answer: " + e);
    }
  }

  private String body(HttpResponse<ByteQueue> response)
      throws GatewayException, InterruptedException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ByteQueue body = response.body()) {
      ByteBuffer next;
      while ((next = body.take(timeout)) != null) {
        byte[] chunk = new byte[next.remaining()];
        next.get(chunk);
        bytes.writeBytes(chunk);
        if (bytes.size() > MAX_ANSWER_BYTES) {
          throw GatewayException.invalidAnswer(
              "the answer has more than " + MAX_ANSWER_BYTES + " bytes");
        }
      }
    } catch (IOException e) {
      throw GatewayException.unreachable("the answer was cut: " + e.getMessage());
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private interface Making {
    HttpRequest.Builder request(URI base);
  }
}
