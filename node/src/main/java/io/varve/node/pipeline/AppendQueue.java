package io.varve.node.pipeline;

import java.util.Iterator;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The appends that wait, in arrival order, bounded by number and bytes. Any thread adds; one takes.
 */
final class AppendQueue {

  private final int maxAppends;
  private final long maxBytes;
  private final ConcurrentLinkedQueue<PendingAppend> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger appends = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();

  AppendQueue(int maxAppends, long maxBytes) {
    this.maxAppends = maxAppends;
    this.maxBytes = maxBytes;
  }

  /** Adds an append; false when a bound is reached. */
  boolean offer(PendingAppend append) {
    int size = append.bytes();
    if (appends.incrementAndGet() > maxAppends) {
      appends.decrementAndGet();
      return false;
    }
    // One append is let in whatever its size, so that a bound below the largest append cannot shut
    // it out for ever.
    long total = bytes.addAndGet(size);
    if (total > maxBytes && total != size) {
      bytes.addAndGet(-size);
      appends.decrementAndGet();
      return false;
    }
    waiting.add(append);
    return true;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** How many appends wait. */
  int size() {
    return appends.get();
  }

  /** How many bytes they have. */
  long bytes() {
    return bytes.get();
  }

  @Nullable PendingAppend peek() {
    return waiting.peek();
  }

  /** Removes the append that {@link #peek()} just showed. */
  void remove(PendingAppend append) {
    waiting.poll();
    release(append);
  }

  /** Takes every append out, oldest first. */
  void drain(Consumer<PendingAppend> to) {
    PendingAppend append;
    while ((append = waiting.poll()) != null) {
      release(append);
      to.accept(append);
    }
  }

  /** Takes out those that a test picks, oldest first. */
  void removeIf(Predicate<PendingAppend> picked) {
    for (Iterator<PendingAppend> i = waiting.iterator(); i.hasNext(); ) {
      PendingAppend append = i.next();
      if (picked.test(append)) {
        i.remove();
        release(append);
      }
    }
  }

  private void release(PendingAppend append) {
    appends.decrementAndGet();
    bytes.addAndGet(-append.bytes());
  }
}
