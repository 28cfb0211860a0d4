package io.varve.client.localfirst;

import java.time.Duration;
import java.util.Objects;
import java.util.OptionalLong;

/** What a gateway answers instead of what was asked for, or that none answers. */
final class GatewayException extends Exception {
  private static final long serialVersionUID = 1L;

  static final String UNREACHABLE = "UNREACHABLE";
  static final String INVALID_ANSWER = "INVALID_ANSWER";

  private final int status;
  private final transient LocalProblem problem;
  private final String field;
  private final transient OptionalLong clientSeq;
  private final transient OptionalLong expectedSeq;
  private final transient Duration retryAfter;

  GatewayException(
      int status,
      LocalProblem problem,
      String field,
      OptionalLong clientSeq,
      OptionalLong expectedSeq,
      Duration retryAfter) {
    // Expected and frequent: a stack would tell nothing.
    super(problem.code() + ": " + problem.detail(), null, false, false);
    this.status = status;
    this.problem = Objects.requireNonNull(problem, "problem");
    this.field = field;
    this.clientSeq = clientSeq;
    this.expectedSeq = expectedSeq;
    this.retryAfter = retryAfter;
  }

  static GatewayException unreachable(String detail) {
    return of(0, UNREACHABLE, detail);
  }

  static GatewayException invalidAnswer(String detail) {
    return of(0, INVALID_ANSWER, detail);
  }

  static GatewayException of(int status, String code, String detail) {
    return new GatewayException(
        status,
        new LocalProblem(code, detail),
        "",
        OptionalLong.empty(),
        OptionalLong.empty(),
        Duration.ZERO);
  }

  /** The HTTP status; 0 if there was no answer, or none that makes sense. */
  int status() {
    return status;
  }

  LocalProblem problem() {
    return problem;
  }

  String code() {
    return problem.code();
  }

  /** The request's field at fault; empty when no one field is. */
  String field() {
    return field;
  }

  OptionalLong clientSeq() {
    return clientSeq;
  }

  OptionalLong expectedSeq() {
    return expectedSeq;
  }

  /** How long to wait at least; zero = not said. */
  Duration retryAfter() {
    return retryAfter;
  }

  /** Whether another gateway may fare better: this one is away, starting, stopping or broken. */
  boolean anotherMayDoBetter() {
    return status == 0 || status >= 500 || status == 429;
  }
}
