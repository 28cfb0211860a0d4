package io.varve.gateway.problem;

import com.linecorp.armeria.common.HttpStatus;

/** Every kind of problem, the status that carries it, and a title for people. */
public enum ProblemCode {
  /** The request is malformed or over a limit. */
  INVALID_ARGUMENT(400, "The request is not valid"),
  /** A position above the head: it comes from another history. */
  OUT_OF_RANGE(400, "The position is above the head"),
  /** No token, or one that is not valid (any more). */
  UNAUTHENTICATED(401, "Show who you are"),
  /** The challenge was used before, is too old, or was not made here. */
  CHALLENGE_REFUSED(401, "The challenge cannot be used"),
  /** The caller may not do this. */
  PERMISSION_DENIED(403, "Not allowed"),
  /** The key is not known here and may not register itself. */
  CLIENT_UNKNOWN(403, "The client is not registered"),
  /** The key was revoked. */
  CLIENT_REVOKED(403, "The client was revoked"),
  /** There is nothing at this address. */
  NOT_FOUND(404, "Not found"),
  /** There is no log of that name. */
  LOG_NOT_FOUND(404, "There is no such log"),
  /** The address exists, the method does not. */
  METHOD_NOT_ALLOWED(405, "The method is not allowed"),
  /** The log has another identity than the request expects: a restored or replaced cluster. */
  LOG_IDENTITY_MISMATCH(409, "This is another log"),
  /** A number of this buffer was used for another event. */
  ORIGIN_DIVERGED(409, "The buffer's history is another one"),
  /** Numbers are missing before this run. */
  SEQUENCE_GAP(409, "Numbers are missing"),
  /** The idempotency key may have been used and forgotten. */
  FATE_UNKNOWN(409, "Too late to tell"),
  /** A condition did not hold. */
  CONFLICT(412, "A condition did not hold"),
  /** The body or an event is larger than the limit. */
  PAYLOAD_TOO_LARGE(413, "Too large"),
  /** The body is of a type that this address does not take. */
  UNSUPPORTED_MEDIA_TYPE(415, "The media type is not supported"),
  /** The idempotency key was used for other events. */
  APPEND_ID_REUSED(422, "The idempotency key was used for other events"),
  /** Deciding a scope takes more steps than allowed. */
  SCOPE_TOO_WIDE(422, "The scope is too wide"),
  /** The gateway or the cluster protects itself; try again later. */
  OVERLOADED(429, "Too much at once"),
  /** No majority was reached in time; certainly nothing was appended. */
  UNAVAILABLE(503, "The cluster cannot be reached"),
  /** The append may have landed or may land yet: send it again with its key, or ask. */
  OUTCOME_UNKNOWN(504, "The outcome is unknown"),
  /** The time was up before anything was appended. */
  DEADLINE_EXCEEDED(504, "The time was up"),
  /** This is not offered. */
  UNIMPLEMENTED(501, "Not offered"),
  /** A fault of Varve's own. */
  INTERNAL(500, "A fault of the gateway");

  private final int status;
  private final String title;

  ProblemCode(int status, String title) {
    this.status = status;
    this.title = title;
  }

  /** The status that carries it. */
  public HttpStatus status() {
    return HttpStatus.valueOf(status);
  }

  /** A short title for people, the same for every problem of this kind. */
  public String title() {
    return title;
  }
}
