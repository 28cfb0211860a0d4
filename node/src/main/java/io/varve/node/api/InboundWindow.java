package io.varve.node.api;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/**
 * Decides how many more messages a stream may send: as long as its unanswered ones are few and
 * small enough, and it takes its answers.
 *
 * <p>Messages are asked for as others arrive, on the transport's own thread, where asking is cheap;
 * from another thread only after the stream had been stopped. Thread-safe.
 */
final class InboundWindow {

  /** How many messages a stream may send ahead of a decision to stop it. */
  private static final int AHEAD = 128;

  /** Messages are asked for in portions. */
  private static final int PORTION = 32;

  private final int maxUnanswered;
  private final long maxBytes;
  private final BooleanSupplier takesAnswers;
  private final IntConsumer request;
  private final AtomicInteger asked = new AtomicInteger();
  private final AtomicInteger unanswered = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();
  private volatile boolean stopped;

  InboundWindow(
      int maxUnanswered, long maxBytes, BooleanSupplier takesAnswers, IntConsumer request) {
    this.maxUnanswered = maxUnanswered;
    this.maxBytes = maxBytes;
    this.takesAnswers = takesAnswers;
    this.request = request;
  }

  /** The most messages that can be unanswered with these bounds. */
  static int largest(int maxUnanswered) {
    return maxUnanswered + AHEAD;
  }

  /** A message came; a part of it stays here until it is answered. */
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
    if (stopped) {
      askForMore();
    }
  }

  /** Asks for more messages if there is room. */
  void askForMore() {
    int outstanding = asked.get();
    int more = AHEAD - outstanding;
    if (more < PORTION) {
      return;
    }
    if (!hasRoom()) {
      stopped = true;
      if (!hasRoom()) {
        return; // the next answer, or the transport when it is writable again, asks
      }
    }
    stopped = false;
    if (asked.compareAndSet(outstanding, AHEAD)) {
      request.accept(more);
    } else {
      stopped = true; // another asked or a message came: whoever is next looks again
    }
  }

  private boolean hasRoom() {
    return unanswered.get() < maxUnanswered
        && bytes.get() < maxBytes
        && takesAnswers.getAsBoolean();
  }
}
