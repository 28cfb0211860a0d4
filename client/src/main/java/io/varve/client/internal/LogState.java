package io.varve.client.internal;

import com.google.protobuf.ByteString;
import io.varve.client.LogIdentityMismatchException;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/** What this client has learned of its log from every answer so far. Thread-safe. */
final class LogState {

  /** No head is known. */
  static final long UNKNOWN = -1;

  private final String name;
  private final AtomicLong knownHead = new AtomicLong(UNKNOWN);
  private volatile ByteString identity;

  LogState(String name, Optional<UUID> expected) {
    this.name = name;
    this.identity = expected.map(Uuids::toBytes).orElse(ByteString.EMPTY);
  }

  /** The log's name as requests carry it; empty = the default log. */
  String name() {
    return name;
  }

  /** The identity that requests carry, 16 bytes; empty = none is known yet. */
  ByteString identity() {
    return identity;
  }

  /** The newest head any answer told of, or {@link #UNKNOWN}. */
  long knownHead() {
    return knownHead.get();
  }

  /**
   * Learns from an answer. The first identity is kept; another one is a mismatch.
   *
   * @param head a position that was committed when the answer was given
   */
  void learn(ByteString answeredIdentity, long head) {
    checkIdentity(answeredIdentity);
    learnHead(head);
  }

  void learnHead(long head) {
    // A plain read first: most answers tell nothing new under contention.
    if (head > knownHead.get()) {
      knownHead.accumulateAndGet(head, Math::max);
    }
  }

  private void checkIdentity(ByteString answered) {
    ByteString known = identity;
    if (answered.isEmpty() || answered.equals(known)) {
      return;
    }
    synchronized (this) {
      if (identity.isEmpty()) {
        identity = answered;
        return;
      }
      known = identity;
    }
    if (!answered.equals(known)) {
      throw new LogIdentityMismatchException(
          "expected log identity " + Uuids.format(known) + ", found " + Uuids.format(answered));
    }
  }

  /** Forgets everything, so that the next answer's log is accepted. */
  synchronized void forget() {
    identity = ByteString.EMPTY;
    knownHead.set(UNKNOWN);
  }
}
