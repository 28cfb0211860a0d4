package io.varve.gateway.identity;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.ClosedSessionException;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseCompleteException;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.common.stream.ClosedStreamException;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.varve.client.json.Json;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import io.varve.gateway.problem.Problems;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Answers {@code /v1/identity}, {@code /v1/identity/challenge}, {@code /v1/identity/token}. */
final class IdentityRoutes implements HttpService {

  static final String IDENTITY = "/v1/identity";
  static final String CHALLENGE = "/v1/identity/challenge";
  static final String TOKEN = "/v1/identity/token";

  /** A body has a key, a challenge and a signature: some 1 KiB. */
  static final int MAX_BODY_BYTES = 16 * 1024;

  /** The most challenges and tokens being made at once: each costs a signature and an append. */
  static final int MAX_AT_ONCE = 256;

  private static final Duration RETRY = Duration.ofSeconds(1);

  private final Cluster cluster;
  private final IdentityOptions options;
  private final Optional<Keys> keys;
  private final AtomicInteger atOnce = new AtomicInteger();

  /**
   * The routes.
   *
   * @param keys what knows and makes tokens; empty in open mode
   */
  IdentityRoutes(Cluster cluster, IdentityOptions options, Optional<Keys> keys) {
    this.cluster = cluster;
    this.options = options;
    this.keys = keys;
  }

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) {
    if (request.headers().contentLength() > MAX_BODY_BYTES) {
      return tooLarge().toResponse();
    }
    context.setMaxRequestLength(MAX_BODY_BYTES); // For bodies that do not say how long they are.
    return HttpResponse.of(
        request
            .aggregate()
            .thenCompose(whole -> answer(context, whole))
            .exceptionally(failure -> problem(failure).toResponse()));
  }

  private CompletableFuture<HttpResponse> answer(
      ServiceRequestContext context, AggregatedHttpRequest request) {
    HttpMethod method = request.method();
    if (context.query() != null && !context.query().isEmpty()) {
      throw new ProblemException(
          Problem.invalid("query", context.path() + " takes no query parameters"));
    }
    return switch (context.path()) {
      case IDENTITY -> {
        if (method != HttpMethod.GET && method != HttpMethod.HEAD) {
          throw notAllowed(method, "GET");
        }
        yield identity(request.headers());
      }
      case CHALLENGE -> {
        if (method != HttpMethod.POST) {
          throw notAllowed(method, "POST");
        }
        yield bounded(() -> challenge(context, request));
      }
      case TOKEN -> {
        if (method == HttpMethod.DELETE) {
          yield bounded(() -> revoke(context, request.headers()));
        }
        if (method != HttpMethod.POST) {
          throw notAllowed(method, "POST, DELETE");
        }
        yield bounded(() -> token(context, request));
      }
      default ->
          throw new ProblemException(
              Problem.of(ProblemCode.NOT_FOUND, "there is nothing at " + context.path()));
    };
  }

  private CompletableFuture<HttpResponse> identity(RequestHeaders headers) {
    if (keys.isEmpty() || Credentials.token(headers).isEmpty()) {
      return CompletableFuture.completedFuture(json(out -> describe(out, Optional.empty())));
    }
    return keys.get()
        .authenticator
        .authenticate(headers)
        .thenApply(caller -> json(out -> describe(out, Optional.of(caller))));
  }

  private void describe(JsonGenerator out, Optional<Caller> caller) throws IOException {
    out.writeStringField("mode", options.mode().word());
    out.writeStringField("audience", options.audience());
    out.writeBooleanField("selfRegistration", options.selfRegistration());
    out.writeNumberField("tokenLifetimeSeconds", options.tokenLifetime().toSeconds());
    if (caller.isPresent()) {
      out.writeStringField("clientId", caller.get().clientId().orElse(""));
      grants(out, caller.get().grants());
      if (caller.get().expires().isPresent()) {
        out.writeStringField("expires", caller.get().expires().get().toString());
      }
    }
  }

  private CompletableFuture<HttpResponse> challenge(
      ServiceRequestContext context, AggregatedHttpRequest request) {
    Keys with = keys();
    JsonNode body = body(request, Set.of("publicKey"));
    ClientKey key = publicKey(body);
    return CompletableFuture.completedFuture(key)
        .thenComposeAsync(with.issuer::challenge, context.blockingTaskExecutor())
        .thenApply(
            challenge ->
                json(
                    out -> {
                      out.writeStringField("challenge", challenge.text());
                      out.writeStringField("audience", options.audience());
                      out.writeStringField("expires", challenge.expires().toString());
                    }));
  }

  private CompletableFuture<HttpResponse> token(
      ServiceRequestContext context, AggregatedHttpRequest request) {
    Keys with = keys();
    JsonNode body = body(request, Set.of("publicKey", "challenge", "signature", "cookie"));
    ClientKey key = publicKey(body);
    String challenge = text(body, "challenge");
    byte[] signature = signature(body);
    boolean cookie = cookie(body);
    boolean secure = secure(context, request.headers());
    // Off the event loop: checking and making signatures takes a millisecond.
    return CompletableFuture.completedFuture(key)
        .thenComposeAsync(
            mine -> with.issuer.exchange(mine, challenge, signature),
            context.blockingTaskExecutor())
        .thenApply(
            token -> {
              String answer =
                  Json.object(
                      out -> {
                        out.writeStringField("clientId", token.clientId());
                        out.writeStringField("token", token.text());
                        out.writeStringField("expires", token.expires().toString());
                        grants(out, token.grants());
                      });
              ResponseHeadersBuilder headers = headers(HttpStatus.OK);
              if (cookie) {
                headers.add(
                    HttpHeaderNames.SET_COOKIE,
                    cookie(token.text(), options.tokenLifetime().toSeconds(), secure));
              }
              return HttpResponse.of(headers.build(), HttpData.ofUtf8(answer));
            });
  }

  private CompletableFuture<HttpResponse> revoke(
      ServiceRequestContext context, RequestHeaders headers) {
    Keys with = keys();
    return with.authenticator
        .identify(headers)
        .thenCompose(caller -> with.issuer.revoke(caller.claims()))
        .thenApply(
            done ->
                HttpResponse.of(
                    common(HttpStatus.NO_CONTENT)
                        .add(HttpHeaderNames.SET_COOKIE, cookie("", 0, secure(context, headers)))
                        .build()));
  }

  private CompletableFuture<HttpResponse> bounded(
      Supplier<CompletableFuture<HttpResponse>> answering) {
    if (atOnce.incrementAndGet() > MAX_AT_ONCE) {
      atOnce.decrementAndGet();
      throw new ProblemException(
          Problem.of(
                  ProblemCode.OVERLOADED,
                  "this gateway makes at most " + MAX_AT_ONCE + " challenges and tokens at once")
              .retryAfter(RETRY));
    }
    CompletableFuture<HttpResponse> answer;
    try {
      answer = answering.get();
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    return answer.whenComplete((response, failure) -> atOnce.decrementAndGet());
  }

  private Keys keys() {
    return keys.orElseThrow(
        () ->
            new ProblemException(
                Problem.of(
                    ProblemCode.UNIMPLEMENTED,
                    "this gateway is open: there are no tokens, everybody may do everything")));
  }

  private static JsonNode body(AggregatedHttpRequest request, Set<String> fields) {
    MediaType type = request.contentType();
    if (type == null || !type.withoutParameters().is(MediaType.JSON)) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.UNSUPPORTED_MEDIA_TYPE,
              "the body must be application/json",
              "Content-Type"));
    }
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(request.content().array()))
              .toString();
      JsonNode body = StrictJson.parse(text);
      StrictJson.requireOnly(body, "the body", fields);
      return body;
    } catch (CharacterCodingException e) {
      throw new ProblemException(Problem.invalid("", "the body is not UTF-8"));
    } catch (IdentityFormatException e) {
      throw new ProblemException(Problem.invalid(e.field(), String.valueOf(e.getMessage())));
    }
  }

  private static ClientKey publicKey(JsonNode body) {
    if (!body.path("publicKey").isObject()) {
      throw new ProblemException(
          Problem.invalid("publicKey", "'publicKey' must be there: a JSON Web Key of P-256"));
    }
    try {
      return ClientKey.of(body.get("publicKey"));
    } catch (IdentityFormatException e) {
      throw new ProblemException(
          Problem.invalid(
              e.field().isEmpty() ? "publicKey" : "publicKey." + e.field(),
              "publicKey: " + e.getMessage()));
    }
  }

  private static byte[] signature(JsonNode body) {
    byte[] signature;
    try {
      signature = StrictBase64.decode(text(body, "signature"));
    } catch (IllegalArgumentException e) {
      throw new ProblemException(Problem.invalid("signature", "'signature' " + e.getMessage()));
    }
    if (signature.length != ClientKey.SIGNATURE_BYTES) {
      throw new ProblemException(
          Problem.invalid(
              "signature",
              "'signature' must be "
                  + ClientKey.SIGNATURE_BYTES
                  + " bytes, r and s one after the other: "
                  + signature.length));
    }
    return signature;
  }

  private static String text(JsonNode body, String field) {
    if (!body.path(field).isTextual()) {
      throw new ProblemException(
          Problem.invalid(field, "'" + field + "' must be there, and a string"));
    }
    return body.get(field).textValue();
  }

  private static boolean cookie(JsonNode body) {
    if (body.has("cookie") && !body.get("cookie").isBoolean()) {
      throw new ProblemException(Problem.invalid("cookie", "'cookie' must be true or false"));
    }
    return body.path("cookie").asBoolean(false);
  }

  private boolean secure(ServiceRequestContext context, RequestHeaders headers) {
    boolean tls = context.sessionProtocol().isTls();
    return switch (options.secureCookie()) {
      case ALWAYS -> true;
      case OVER_TLS -> tls;
      case OVER_TLS_OR_FORWARDED ->
          tls
              || headers
                  .get(HttpHeaderNames.X_FORWARDED_PROTO, "")
                  .split(",", 2)[0]
                  .strip()
                  .toLowerCase(Locale.ROOT)
                  .equals("https");
    };
  }

  private static String cookie(String value, long seconds, boolean secure) {
    return Credentials.COOKIE
        + "="
        + value
        + "; Max-Age="
        + seconds
        + "; Path=/; HttpOnly; SameSite=Strict"
        + (secure ? "; Secure" : "");
  }

  private static void grants(JsonGenerator out, Grants grants) throws IOException {
    out.writeObjectFieldStart("grants");
    IdentityRecords.write(out, grants);
    out.writeEndObject();
  }

  private HttpResponse json(Json.Writing fields) {
    return HttpResponse.of(headers(HttpStatus.OK).build(), HttpData.ofUtf8(Json.object(fields)));
  }

  private ResponseHeadersBuilder headers(HttpStatus status) {
    return common(status).contentType(MediaType.JSON);
  }

  private ResponseHeadersBuilder common(HttpStatus status) {
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(status).set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    cluster
        .knownIdentity()
        .ifPresent(identity -> headers.set("varve-log-identity", identity.toString()));
    return headers;
  }

  private static Problem problem(Throwable failure) {
    Throwable cause = Problems.unwrap(failure);
    if (cause instanceof ContentTooLargeException) {
      return tooLarge();
    }
    if (cause instanceof ClosedStreamException
        || cause instanceof ClosedSessionException
        || cause instanceof ResponseCompleteException) {
      // Nobody is there any more to read this.
      return Problem.invalid("", "the body did not arrive whole");
    }
    return Problems.of(failure);
  }

  private static Problem tooLarge() {
    return Problem.of(
        ProblemCode.PAYLOAD_TOO_LARGE, "a body has at most " + MAX_BODY_BYTES + " bytes here");
  }

  private static ProblemException notAllowed(HttpMethod method, String allowed) {
    return new ProblemException(
        Problem.of(
            ProblemCode.METHOD_NOT_ALLOWED, method + " is not offered here, only " + allowed));
  }

  /** What knows and what makes tokens. */
  record Keys(TokenAuthenticator authenticator, TokenIssuer issuer) {}
}
