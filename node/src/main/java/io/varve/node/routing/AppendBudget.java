package io.varve.node.routing;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many unanswered appends a node holds, over all of its callers: whether they are queued, in
 * flight, forwarded, or wait for a leader. Thread-safe.
 */
final class AppendBudget {

  private final int maxAppends;
  private final long maxBytes;
  private final AtomicInteger appends = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();

  AppendBudget(int maxAppends, long maxBytes) {
    this.maxAppends = maxAppends;
    this.maxBytes = maxBytes;
  }

  /** Takes an append's share; false when a bound is reached. */
  boolean acquire(int size) {
    if (appends.incrementAndGet() > maxAppends) {
      appends.decrementAndGet();
      return false;
    }
    if (bytes.addAndGet(size) > maxBytes) {
      release(size);
      return false;
    }
    return true;
  }

  /** Gives an append's share back. */
  void release(int size) {
    appends.decrementAndGet();
    bytes.addAndGet(-size);
  }

  /** How many appends are held. */
  int held() {
    return appends.get();
  }

  /** How many bytes they have. */
  long bytes() {
    return bytes.get();
  }

  String bounds() {
    return maxAppends + " unanswered appends and " + maxBytes + " bytes of them";
  }
}
