package io.varve.gateway.problem;

import com.fasterxml.jackson.core.JsonGenerator;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.varve.client.AppendResult.Conflict;
import io.varve.client.json.Json;
import io.varve.client.json.ResultJson;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What went wrong, as problem details (RFC 9457): {@code application/problem+json} with {@code
 * type}, {@code title}, {@code status} and {@code detail}, and Varve's own members: the code, the
 * field when one field of the request is at fault, the milliseconds to wait, the sequence numbers
 * below, and a conflict's conditions as the command line prints them. Immutable.
 *
 * @param status the status
 * @param code what kind of problem
 * @param detail for people: names the field, the limit and the value
 * @param field the request's field or header at fault; empty when no one field is
 * @param retryAfter how long to wait before trying again
 * @param expectedSeq with {@link ProblemCode#SEQUENCE_GAP}: the number the log expects next
 * @param clientSeq the number of the buffered event that is refused for good
 * @param conflict with {@link ProblemCode#CONFLICT}: every condition that failed
 */
public record Problem(
    HttpStatus status,
    ProblemCode code,
    String detail,
    String field,
    Optional<Duration> retryAfter,
    OptionalLong expectedSeq,
    OptionalLong clientSeq,
    Optional<Conflict> conflict) {

  private static final MediaType PROBLEM_JSON = MediaType.create("application", "problem+json");

  public Problem {
    Objects.requireNonNull(status, "status");
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(detail, "detail");
    Objects.requireNonNull(field, "field");
    Objects.requireNonNull(retryAfter, "retryAfter");
    Objects.requireNonNull(expectedSeq, "expectedSeq");
    Objects.requireNonNull(clientSeq, "clientSeq");
    Objects.requireNonNull(conflict, "conflict");
  }

  /** A problem with the status its code usually has. */
  public static Problem of(ProblemCode code, String detail) {
    return of(code, detail, "");
  }

  /** A problem of one field. */
  public static Problem of(ProblemCode code, String detail, String field) {
    return new Problem(
        code.status(),
        code,
        detail,
        field,
        Optional.empty(),
        OptionalLong.empty(),
        OptionalLong.empty(),
        Optional.empty());
  }

  /** A field that cannot be what it is. */
  public static Problem invalid(String field, String detail) {
    return of(ProblemCode.INVALID_ARGUMENT, detail, field);
  }

  /** A condition did not hold. */
  public static Problem conflict(Conflict conflict) {
    return new Problem(
        ProblemCode.CONFLICT.status(),
        ProblemCode.CONFLICT,
        conflict.failed().size() == 1
            ? "a condition did not hold; nothing was appended"
            : conflict.failed().size() + " conditions did not hold; nothing was appended",
        "",
        Optional.empty(),
        OptionalLong.empty(),
        OptionalLong.empty(),
        Optional.of(conflict));
  }

  /** The same with a time to wait before trying again. */
  public Problem retryAfter(Duration wait) {
    return new Problem(
        status, code, detail, field, Optional.of(wait), expectedSeq, clientSeq, conflict);
  }

  /** The same with the number that the log expects next. */
  public Problem expectedSeq(long number) {
    return new Problem(
        status, code, detail, field, retryAfter, OptionalLong.of(number), clientSeq, conflict);
  }

  /** The same, about one buffered event. */
  public Problem clientSeq(long number) {
    return new Problem(
        status, code, detail, field, retryAfter, expectedSeq, OptionalLong.of(number), conflict);
  }

  /** The problem on one line. */
  public String toJson() {
    return Json.object(this::write);
  }

  /**
   * The response: the JSON, and {@code Retry-After} or {@code WWW-Authenticate} where they belong.
   */
  public HttpResponse toResponse() {
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(status)
            .contentType(PROBLEM_JSON)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
    retryAfter.ifPresent(
        wait ->
            headers.set(
                HttpHeaderNames.RETRY_AFTER,
                Long.toString(Math.max(1, wait.plusMillis(999).toSeconds()))));
    if (status.equals(HttpStatus.UNAUTHORIZED)) {
      headers.set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer realm=\"varve\"");
    }
    return HttpResponse.of(headers.build(), HttpData.ofUtf8(toJson()));
  }

  private void write(JsonGenerator out) throws IOException {
    out.writeStringField("type", "urn:varve:problem:" + kebab(code));
    out.writeStringField("title", code.title());
    out.writeNumberField("status", status.code());
    out.writeStringField("detail", detail);
    out.writeStringField("code", code.name());
    if (!field.isEmpty()) {
      out.writeStringField("field", field);
    }
    if (retryAfter.isPresent()) {
      out.writeNumberField("retryAfterMs", retryAfter.get().toMillis());
    }
    if (expectedSeq.isPresent()) {
      out.writeNumberField("expectedSeq", expectedSeq.getAsLong());
    }
    if (clientSeq.isPresent()) {
      out.writeNumberField("clientSeq", clientSeq.getAsLong());
    }
    if (conflict.isPresent()) {
      ResultJson.writeFailed(out, conflict.get());
    }
  }

  private static String kebab(ProblemCode code) {
    return code.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
