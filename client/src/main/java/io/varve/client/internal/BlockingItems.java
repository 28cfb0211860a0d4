package io.varve.client.internal;

import io.varve.client.SubscriptionItem;
import io.varve.client.UnavailableException;
import io.varve.client.VarveException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Hands a stream's items to one consumer that waits for them. Holds at most {@link
 * ResumableStream#BUFFERED} responses.
 */
final class BlockingItems implements Sink {

  private final Transport transport;
  private final LinkedBlockingQueue<Chunk> chunks = new LinkedBlockingQueue<>();

  private volatile boolean over;
  private volatile @Nullable Throwable error;

  // The consumer only.
  private @Nullable ResumableStream<?, ?> stream;
  private @Nullable Chunk current;

  BlockingItems(Transport transport) {
    this.transport = transport;
  }

  void of(ResumableStream<?, ?> stream) {
    this.stream = stream;
  }

  // ---- the stream ----

  @Override
  public boolean take(Chunk chunk) {
    chunks.add(chunk);
    return true;
  }

  @Override
  public void ended() {
    over = true;
    chunks.add(Chunk.empty());
  }

  @Override
  public void failed(Throwable failure) {
    error = failure;
    ended();
  }

  // ---- the consumer ----

  /** Whether an item is there, waiting for one at most this long. */
  boolean await(long timeoutNanos) {
    if (current != null && current.hasNext()) {
      return true;
    }
    requireMayWait();
    long deadline = System.nanoTime() + timeoutNanos;
    while (true) {
      if (current != null && stream != null) {
        current = null;
        stream.consumed();
      }
      Chunk next = chunks.poll();
      if (next == null) {
        if (over && chunks.isEmpty()) {
          throwIfFailed();
          return false;
        }
        long remaining = deadline - System.nanoTime();
        if (remaining <= 0) {
          return false;
        }
        try {
          next = chunks.poll(remaining, TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
          throw new UnavailableException("interrupted while waiting for events", interrupted);
        }
      }
      if (next != null && next.hasNext()) {
        current = next;
        return true;
      }
    }
  }

  void requireMayWait() {
    transport.requireMayWait();
  }

  /** Whether nothing more comes, apart from what {@link #await} still finds. */
  boolean isOver() {
    return over;
  }

  /** The next item; only after {@link #await} said that there is one. */
  SubscriptionItem next() {
    Chunk from = current;
    if (from == null) {
      throw new IllegalStateException("no item was awaited");
    }
    return from.next();
  }

  private void throwIfFailed() {
    Throwable failure = error;
    if (failure instanceof VarveException varve) {
      // The consumer's own frame belongs in the trace; the exception was made on a network thread.
      varve.addSuppressed(new ConsumerTrace());
      throw varve;
    }
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
  }

  /** Where the consumer was when a failure reached it. */
  private static final class ConsumerTrace extends Exception {
    private static final long serialVersionUID = 1L;

    ConsumerTrace() {
      super("consumed here");
    }
  }
}
