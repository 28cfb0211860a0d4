package io.varve.node.routing;

import io.varve.proto.v1.Append;
import org.jspecify.annotations.Nullable;

/** One append of a session, from its arrival to its answer. */
final class Slot {

  private final Append append;
  private final int bytes;
  private final long deadlineNanos;
  private final boolean held;
  private volatile @Nullable AppendResult result;

  /** Where it was handed to; only the session looks here. */
  private @Nullable Attempt attempt;

  /** A slot for an append that holds a share of the node's budget. */
  Slot(Append append, int bytes, long deadlineNanos) {
    this.append = append;
    this.held = true;
    this.bytes = bytes;
    this.deadlineNanos = deadlineNanos;
  }

  /** A slot that only keeps the place of an answer. */
  Slot(AppendResult.Answered answered, int bytes) {
    this.append = Append.getDefaultInstance();
    this.held = false;
    this.bytes = bytes;
    this.deadlineNanos = 0;
    this.result = answered;
  }

  /** Whether it holds a share of the node's budget. */
  boolean held() {
    return held;
  }

  Append append() {
    return append;
  }

  int bytes() {
    return bytes;
  }

  long deadlineNanos() {
    return deadlineNanos;
  }

  boolean expired(long nowNanos) {
    return deadlineNanos - nowNanos <= 0;
  }

  @Nullable AppendResult result() {
    return result;
  }

  void setResult(AppendResult newResult) {
    result = newResult;
  }

  void handedTo(Attempt newAttempt) {
    attempt = newAttempt;
  }

  /** Whether it was handed over and its result is still out. */
  boolean isOut() {
    return attempt != null && result == null;
  }

  /** Whether it was forwarded and its result is still out. */
  boolean isOutAtAnotherNode() {
    return isOut() && attempt instanceof ForwardStream;
  }

  /** Takes it back; true if it is certain that nothing of it will be appended. */
  boolean withdraw() {
    return attempt == null || attempt.withdraw();
  }

  /** Makes it wait for another attempt. */
  void reset() {
    attempt = null;
    result = null;
  }

  /** Something an append was handed to. */
  interface Attempt {
    /** Takes the append back; true if it is certain that nothing of it will be appended. */
    boolean withdraw();
  }
}
