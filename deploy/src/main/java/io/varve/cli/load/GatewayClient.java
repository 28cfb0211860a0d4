package io.varve.cli.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.varve.client.json.Json;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * One client of a gateway. In {@code keys} mode it has a key pair of its own, registers itself with
 * it, and gets a new token when half of the last one's life has passed; in {@code open} mode it
 * only says who it is. Thread-safe.
 */
final class GatewayClient {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Base64.Encoder URL = Base64.getUrlEncoder().withoutPadding();
  private static final int COORDINATE_BYTES = 32;
  private static final int MAX_QUOTED = 500;

  /** A token, empty in open mode, and when to get another. */
  private record Access(String token, Instant renew, List<String> read, List<String> append) {}

  private final HttpClient http;
  private final URI gateway;
  private final Duration deadline;
  private final KeyPair pair;
  private final String jwk;
  private final String clientId;

  /** Guarded by this; one exchange is under way at most. */
  private CompletableFuture<Access> access;

  /**
   * A new client.
   *
   * @param gateway where the gateway is
   * @param deadline how long a request may take
   * @param keys whether the gateway asks for keys
   */
  GatewayClient(HttpClient http, URI gateway, Duration deadline, boolean keys) {
    this.http = http;
    this.gateway = gateway;
    this.deadline = deadline;
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      this.pair = generator.generateKeyPair();
      ECPublicKey key = (ECPublicKey) pair.getPublic();
      // In the order and form of RFC 7638, so that its hash is the key's thumbprint.
      this.jwk =
          Json.object(
              out -> {
                out.writeStringField("crv", "P-256");
                out.writeStringField("kty", "EC");
                out.writeStringField("x", coordinate(key.getW().getAffineX()));
                out.writeStringField("y", coordinate(key.getW().getAffineY()));
              });
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(jwk.getBytes(StandardCharsets.UTF_8));
      this.clientId = keys ? URL.encodeToString(hash) : "bench-" + UUID.randomUUID();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has P-256 and SHA-256", e);
    }
    this.access =
        CompletableFuture.completedFuture(
            keys
                ? new Access("", Instant.MIN, List.of(), List.of())
                : new Access("", Instant.MAX, List.of("*"), List.of("*")));
  }

  /**
   * Whether a gateway asks for keys.
   *
   * @throws GatewayException if it does not answer, or is none
   */
  static boolean asksForKeys(HttpClient http, URI gateway, Duration deadline)
      throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(gateway.resolve("/v1/identity")).timeout(deadline).build();
    HttpResponse<String> answer;
    try {
      answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw GatewayException.unavailable("no gateway answers at " + gateway + ": " + said(e));
    }
    String mode = answer.statusCode() == 200 ? json(answer).path("mode").asText() : "";
    return switch (mode) {
      case "keys" -> true;
      case "open" -> false;
      default -> throw refused("what answers at " + gateway + " is no gateway", answer);
    };
  }

  /** Who it is. */
  String clientId() {
    return clientId;
  }

  /** What it may read, as prefixes of sources. */
  CompletableFuture<List<String>> mayRead() {
    return access().thenApply(Access::read);
  }

  /** What it may append to, as prefixes of sources. */
  CompletableFuture<List<String>> mayAppend() {
    return access().thenApply(Access::append);
  }

  /** Sends JSON; the future has any answer, whatever its status. */
  CompletableFuture<HttpResponse<String>> post(String path, String json) {
    return access()
        .thenCompose(
            now ->
                http.sendAsync(
                    authorized(path, now.token())
                        .timeout(deadline)
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(json))
                        .build(),
                    HttpResponse.BodyHandlers.ofString()));
  }

  /** Opens a stream; the future has its answer once it has begun. */
  <T> CompletableFuture<HttpResponse<T>> stream(String path, HttpResponse.BodyHandler<T> lines) {
    return access()
        .thenCompose(now -> http.sendAsync(authorized(path, now.token()).build(), lines));
  }

  private HttpRequest.Builder authorized(String path, String token) {
    HttpRequest.Builder request = HttpRequest.newBuilder(gateway.resolve(path));
    return token.isEmpty() ? request : request.header("authorization", "Bearer " + token);
  }

  private synchronized CompletableFuture<Access> access() {
    boolean stale =
        access.isDone()
            && (access.isCompletedExceptionally() || access.join().renew().isBefore(Instant.now()));
    if (stale) {
      access = register();
    }
    return access;
  }

  private CompletableFuture<Access> register() {
    Instant asked = Instant.now();
    return exchange("/v1/identity/challenge", "{\"publicKey\":" + jwk + "}")
        .thenCompose(
            challenge -> {
              String text = challenge.path("challenge").asText();
              return exchange(
                  "/v1/identity/token",
                  Json.object(
                      out -> {
                        out.writeFieldName("publicKey");
                        out.writeRawValue(jwk);
                        out.writeStringField("challenge", text);
                        out.writeStringField(
                            "signature", sign(challenge.path("audience").asText(), text));
                      }));
            })
        .thenApply(
            token -> {
              Duration life = Duration.between(asked, Instant.parse(token.get("expires").asText()));
              return new Access(
                  token.get("token").asText(),
                  asked.plus(life.dividedBy(2)),
                  texts(token.at("/grants/read")),
                  texts(token.at("/grants/append")));
            });
  }

  private CompletableFuture<JsonNode> exchange(String path, String json) {
    return http.sendAsync(
            authorized(path, "")
                .timeout(deadline)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .thenApply(
            answer -> {
              if (answer.statusCode() != 200) {
                throw refused("the gateway gives a new client no token", answer);
              }
              return json(answer);
            });
  }

  private String sign(String audience, String challenge) {
    try {
      // In P1363 format: r and s as they are, which is what ES256 wants, instead of ASN.1.
      Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
      signature.initSign(pair.getPrivate());
      signature.update(
          ("varve-identity-v1\n" + audience + "\n" + challenge).getBytes(StandardCharsets.UTF_8));
      return URL.encodeToString(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK signs with P-256", e);
    }
  }

  /** An answer that says no, with what it says. */
  static GatewayException refused(String what, HttpResponse<String> answer) {
    String said = answer.body();
    try {
      JsonNode problem = JSON.readTree(said);
      said = problem.path("code").asText() + ": " + problem.path("detail").asText();
    } catch (IOException e) {
      // Then it is no problem in JSON, and shown as it is.
    }
    return GatewayException.refused(
        what
            + ": "
            + answer.statusCode()
            + " "
            + said.substring(0, Math.min(said.length(), MAX_QUOTED)).strip());
  }

  /** What a failure says; some of the HTTP client's say nothing but their class. */
  static String said(Throwable failure) {
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }

  static JsonNode json(HttpResponse<String> answer) {
    try {
      return JSON.readTree(answer.body());
    } catch (IOException e) {
      throw refused("the gateway's answer is not JSON", answer);
    }
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  private static String coordinate(BigInteger value) {
    byte[] bytes = value.toByteArray();
    byte[] fixed = new byte[COORDINATE_BYTES];
    // Without the sign's byte, and with the leading zeros that a BigInteger leaves out.
    int length = Math.min(bytes.length, COORDINATE_BYTES);
    System.arraycopy(bytes, bytes.length - length, fixed, COORDINATE_BYTES - length, length);
    return URL.encodeToString(fixed);
  }
}
