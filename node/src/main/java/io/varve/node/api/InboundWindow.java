package io.varve.node.api;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/**
 * Decides how many more messages a stream may send: as long as its unanswered ones are few and
 * small enough, and it takes its answers. Thread-safe.
 */
final class InboundWindow {

  /** How many messages a stream may send ahead of a decision to stop it. */
  private static final int AHEAD = 64;

  /** Messages are asked for in portions, because asking from another thread costs a wake-up. */
  private static final int PORTION = 16;

  private final int maxUnanswered;
  private final long maxBytes;
  private final BooleanSupplier takesAnswers;
  private final IntConsumer request;
  private final AtomicInteger asked = new AtomicInteger();
  private final AtomicInteger unanswered = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();

  InboundWindow(
      int maxUnanswered, long maxBytes, BooleanSupplier takesAnswers, IntConsumer request) {
    this.maxUnanswered = maxUnanswered;
    this.maxBytes = maxBytes;
    this.takesAnswers = takesAnswers;
    this.request = request;
  }

  /** The most appends that can be unanswered with these bounds. */
  static int largest(int maxUnanswered) {
    return maxUnanswered + AHEAD;
  }

  /** A message came. */
  void arrived(int size) {
    asked.decrementAndGet();
    unanswered.incrementAndGet();
    bytes.addAndGet(size);
    askForMore();
  }

  /** A message was answered. */
  void answered(int size) {
    unanswered.decrementAndGet();
    bytes.addAndGet(-size);
    askForMore();
  }

  /** Asks for more messages if there is room. */
  void askForMore() {
    if (unanswered.get() >= maxUnanswered
        || bytes.get() >= maxBytes
        || !takesAnswers.getAsBoolean()) {
      return;
    }
    int outstanding = asked.get();
    int more = AHEAD - outstanding;
    if (more >= PORTION && asked.compareAndSet(outstanding, AHEAD)) {
      request.accept(more);
    }
  }
}
