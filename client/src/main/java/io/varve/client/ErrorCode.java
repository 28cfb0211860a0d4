package io.varve.client;

/** Every kind of error, as the log names it and as {@code varve --json} prints it. */
public enum ErrorCode {
  /** The request is malformed or over a limit; nothing was appended. */
  INVALID_ARGUMENT,
  /** The append id was used for other events; nothing was appended. */
  APPEND_ID_REUSED,
  /** The append id may have been used and forgotten; this attempt appended nothing. */
  FATE_UNKNOWN,
  /** A position above the head: it comes from another history. Nothing was appended. */
  OUT_OF_RANGE,
  /** Deciding a scope takes more steps than allowed; nothing was appended. */
  SCOPE_TOO_WIDE,
  /** A node, or this client, protects itself; nothing was appended. */
  OVERLOADED,
  /** No node or no majority was reached in time; certainly nothing was appended. */
  UNAVAILABLE,
  /** The append may have landed, or may land yet. */
  OUTCOME_UNKNOWN,
  /** There is no log of that name. */
  LOG_NOT_FOUND,
  /** The log has another identity than expected: a restored or replaced cluster. */
  LOG_IDENTITY_MISMATCH,
  /** A number of this origin was used for another event; nothing was appended. */
  ORIGIN_DIVERGED,
  /** Numbers are missing between what the log remembers and this run; nothing was appended. */
  SEQUENCE_GAP,
  /** The deadline passed before anything was appended. */
  DEADLINE_EXCEEDED,
  /** The server does not offer that (yet). */
  UNIMPLEMENTED,
  /** The client was closed. */
  CLIENT_CLOSED,
  /** The caller may not do this. */
  PERMISSION_DENIED,
  /** The caller did not show who it is. */
  UNAUTHENTICATED,
  /** A condition did not hold. */
  CONFLICT,
  /** A fault of Varve's own. */
  INTERNAL
}
