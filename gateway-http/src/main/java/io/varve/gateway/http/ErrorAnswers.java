package io.varve.gateway.http;

import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpResponseException;
import com.linecorp.armeria.server.HttpStatusException;
import com.linecorp.armeria.server.RequestTimeoutException;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.Problems;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Errors that the server itself answers, before or instead of a route: problems like all others.
 */
final class ErrorAnswers implements ServerErrorHandler {
  private static final MediaType PROBLEM_JSON = MediaType.create("application", "problem+json");

  @Override
  public HttpResponse onServiceException(ServiceRequestContext context, Throwable failure) {
    Throwable cause = Problems.unwrap(failure);
    if (cause instanceof HttpResponseException answer) {
      return answer.httpResponse();
    }
    if (cause instanceof HttpStatusException status) {
      return problem(status.httpStatus(), "").toResponse();
    }
    if (cause instanceof ContentTooLargeException) {
      return Exchange.tooLarge(context.maxRequestLength()).toResponse();
    }
    if (cause instanceof RequestTimeoutException) {
      return Problem.of(
              ProblemCode.DEADLINE_EXCEEDED,
              "the request was not whole, or not answered, within "
                  + context.requestTimeoutMillis()
                  + " ms")
          .toResponse()
          // What is left of a body that dawdles is not waited for on this connection.
          .mapHeaders(
              headers -> headers.toBuilder().set(HttpHeaderNames.CONNECTION, "close").build());
    }
    return Problems.of(cause).toResponse();
  }

  @Override
  public AggregatedHttpResponse onProtocolViolation(
      ServiceConfig config,
      @Nullable RequestHeaders headers,
      HttpStatus status,
      @Nullable String description,
      @Nullable Throwable cause) {
    return aggregated(status, description);
  }

  @Override
  public AggregatedHttpResponse renderStatus(
      @Nullable ServiceRequestContext context,
      ServiceConfig config,
      @Nullable RequestHeaders headers,
      HttpStatus status,
      @Nullable String description,
      @Nullable Throwable cause) {
    return aggregated(status, description);
  }

  private static AggregatedHttpResponse aggregated(
      HttpStatus status, @Nullable String description) {
    return AggregatedHttpResponse.of(
        ResponseHeaders.builder(status)
            .contentType(PROBLEM_JSON)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
            .build(),
        HttpData.ofUtf8(problem(status, description == null ? "" : description).toJson()));
  }

  /** What the server says by a status alone. */
  static Problem problem(HttpStatus status, String description) {
    ProblemCode code =
        switch (status.code()) {
          case 401 -> ProblemCode.UNAUTHENTICATED;
          case 403 -> ProblemCode.PERMISSION_DENIED;
          case 404 -> ProblemCode.NOT_FOUND;
          case 405 -> ProblemCode.METHOD_NOT_ALLOWED;
          case 413 -> ProblemCode.PAYLOAD_TOO_LARGE;
          case 415 -> ProblemCode.UNSUPPORTED_MEDIA_TYPE;
          case 429 -> ProblemCode.OVERLOADED;
          case 501 -> ProblemCode.UNIMPLEMENTED;
          case 503 -> ProblemCode.UNAVAILABLE;
          default -> status.code() < 500 ? ProblemCode.INVALID_ARGUMENT : ProblemCode.INTERNAL;
        };
    String detail =
        switch (status.code()) {
          case 404 -> "there is nothing at this address";
          case 413 -> "the body is larger than the gateway takes";
          case 414 -> "the address is longer than the gateway takes";
          case 431 -> "the headers are larger than the gateway takes";
          default ->
              description.isEmpty() || status.code() >= 500 ? status.reasonPhrase() : description;
        };
    return new Problem(
        status,
        code,
        detail,
        status.code() == 413 ? "body" : "",
        Optional.empty(),
        OptionalLong.empty(),
        OptionalLong.empty(),
        Optional.empty());
  }
}
