package io.varve.client.internal;

import io.varve.client.AppendId;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.Origin;
import io.varve.client.OutcomeUnknownException;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One append on its way, and the future its caller holds. Everything but the future belongs to the
 * append thread.
 */
final class AppendOp extends CompletableFuture<AppendResult> {

  /** How the append is named. */
  enum Naming {
    /** By an id the client draws. */
    AUTOMATIC,
    /** By the caller's id. */
    EXPLICIT,
    /** By the numbers its events have in a client's buffer. */
    ORIGIN,
    /** Not at all: never sent twice. */
    NONE
  }

  final Naming naming;
  final byte[] body;
  final long deadlineNanos;

  /** Counts towards the bounds while true: handed in, and its caller has no answer yet. */
  boolean open = true;

  /** Set when it is first sent, then the same on every attempt. */
  @Nullable AppendId appendId;

  /** Its origin, if it is named by one. */
  final @Nullable Origin origin;

  /** {@link #appendId} or {@link #origin} as it is sent. */
  byte[] encodedId = AppendFrame.noId();

  /** When the node must have answered the attempt under way. */
  long answerDueNanos;

  /** How often it was sent. */
  int sends;

  /** Attempts, those that found no node to send to included. */
  int attempts;

  /**
   * Whether an attempt ended without a certain answer. From then on only a certain answer to a
   * later attempt says that it did not land.
   */
  boolean maybeLanded;

  /** Why the last attempt failed. */
  @Nullable Failure lastFailure;

  AppendOp(AppendRequest.Identity identity, byte[] body, long deadlineNanos) {
    this.body = body;
    this.deadlineNanos = deadlineNanos;
    if (identity instanceof AppendRequest.Explicit explicit) {
      this.naming = Naming.EXPLICIT;
      this.origin = null;
      name(explicit.appendId());
    } else if (identity instanceof Origin run) {
      this.naming = Naming.ORIGIN;
      this.origin = run;
      this.encodedId = AppendFrame.encodeOrigin(run);
    } else {
      this.naming = identity == AppendRequest.None.INSTANCE ? Naming.NONE : Naming.AUTOMATIC;
      this.origin = null;
    }
  }

  private void name(AppendId id) {
    appendId = id;
    encodedId = AppendFrame.encodeId(Uuids.toBytes(id.id()), id.knownPosition());
  }

  /** Names it before its first attempt, unless it has a name or is to have none. */
  void nameIfNeeded(UuidSource uuids, long knownPosition) {
    if (naming == Naming.AUTOMATIC && appendId == null) {
      UUID id = uuids.next();
      name(new AppendId(id, knownPosition));
    }
  }

  /** Takes the name away after an attempt that certainly appended nothing and was the only one. */
  void unname() {
    appendId = null;
    encodedId = AppendFrame.noId();
  }

  boolean mayBeSentAgain() {
    return naming != Naming.NONE || sends == 0;
  }

  /** Whether another is a run of the same buffer. */
  boolean isOfTheSameBuffer(AppendOp other) {
    Origin mine = origin;
    Origin others = other.origin;
    return mine != null
        && others != null
        && mine.bufferId().equals(others.bufferId())
        && mine.clientId().equals(others.clientId());
  }

  int size() {
    return body.length;
  }

  OutcomeUnknownException outcomeUnknown(String message, @Nullable Throwable cause) {
    return new OutcomeUnknownException(message, Optional.ofNullable(appendId), cause);
  }
}
