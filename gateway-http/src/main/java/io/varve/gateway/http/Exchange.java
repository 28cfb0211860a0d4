package io.varve.gateway.http;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.varve.gateway.identity.Caller;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import io.varve.gateway.problem.Problems;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * One request under way.
 *
 * @param context Armeria's context of it
 * @param request the request
 * @param query its query, already checked for what the route knows
 * @param caller who makes it
 * @param bodies bounds the bodies in memory
 */
record Exchange(
    ServiceRequestContext context,
    HttpRequest request,
    Query query,
    Caller caller,
    ByteBudget bodies) {

  /** The log identity the query expects. */
  Optional<UUID> expectedIdentity() {
    return query.uuid("logIdentity");
  }

  /** A header that may stand once. */
  Optional<String> header(String name) {
    List<String> all = request.headers().getAll(name);
    if (all.size() > 1) {
      throw new ProblemException(
          Problem.invalid(name, "header '" + name + "' stands " + all.size() + " times"));
    }
    return all.stream().findFirst().map(String::strip);
  }

  /** The body's media type. */
  MediaType contentType() {
    String text =
        header("content-type")
            .orElseThrow(
                () ->
                    new ProblemException(
                        Problem.of(
                            ProblemCode.UNSUPPORTED_MEDIA_TYPE,
                            "the request does not say what its body is: send a Content-Type",
                            "Content-Type")));
    try {
      return MediaType.parse(text);
    } catch (IllegalArgumentException e) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.UNSUPPORTED_MEDIA_TYPE,
              "the header Content-Type is not a media type",
              "Content-Type"));
    }
  }

  /** Whether the body is JSON by its media type. */
  boolean isJson() {
    MediaType type = contentType();
    return type.type().equals("application") && type.subtype().equals("json");
  }

  /**
   * The body as text, which must be {@code application/json} in UTF-8.
   *
   * @throws ProblemException 415 when it is of another type
   */
  CompletableFuture<String> json() {
    MediaType type = contentType();
    Charset charset = type.charset(StandardCharsets.UTF_8);
    if (!isJson() || !charset.equals(StandardCharsets.UTF_8)) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.UNSUPPORTED_MEDIA_TYPE,
              "the body must be application/json in UTF-8",
              "Content-Type"));
    }
    return bytes().thenApply(Exchange::utf8);
  }

  /** The body's bytes, at most {@code context.maxRequestLength()}. */
  CompletableFuture<byte[]> bytes() {
    long declared = request.headers().contentLength();
    long most = context.maxRequestLength();
    if (declared > most) {
      throw new ProblemException(tooLarge(most));
    }
    // Held until the request is over: what was parsed of a body is about as large as the body.
    Runnable release = bodies.take(declared >= 0 ? declared : most);
    var unused = context.log().whenComplete().thenRun(release);
    return request
        .aggregate()
        .handle(
            (AggregatedHttpRequest whole, Throwable failure) -> {
              if (failure == null) {
                return whole.content().array();
              }
              if (Problems.unwrap(failure) instanceof ContentTooLargeException) {
                throw new ProblemException(tooLarge(most));
              }
              throw new ProblemException(
                  Problem.of(ProblemCode.INVALID_ARGUMENT, "the body did not arrive whole"));
            });
  }

  static Problem tooLarge(long most) {
    return Problem.of(
        ProblemCode.PAYLOAD_TOO_LARGE, "a body here has at most " + most + " bytes", "body");
  }

  private static String utf8(byte[] body) {
    ByteBuffer bytes = ByteBuffer.wrap(body);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new ProblemException(
          Problem.invalid("body", "the body is not UTF-8 from byte " + bytes.position() + " on"));
    }
  }
}
