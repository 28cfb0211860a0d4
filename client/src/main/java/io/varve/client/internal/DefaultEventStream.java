package io.varve.client.internal;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.UnavailableException;
import io.varve.client.VarveException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A read, consumed by waiting. */
final class DefaultEventStream implements EventStream {

  private final ReadCall call;
  private final BlockingItems items;
  private final long deadlineNanos;
  private final Consumer<AutoCloseable> whenClosed;

  private boolean taken;
  private volatile boolean closed;

  /**
   * A read that was started.
   *
   * @param deadlineNanos how long to wait for progress
   * @param whenClosed told once it is over
   */
  DefaultEventStream(
      ReadCall call, BlockingItems items, long deadlineNanos, Consumer<AutoCloseable> whenClosed) {
    this.call = call;
    this.items = items;
    this.deadlineNanos = deadlineNanos;
    this.whenClosed = whenClosed;
  }

  @Override
  public Iterator<Event> iterator() {
    if (taken) {
      throw new IllegalStateException("a read can be consumed only once");
    }
    taken = true;
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return more();
      }

      @Override
      public Event next() {
        return take();
      }
    };
  }

  @Override
  public Stream<Event> stream() {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(
                iterator(), Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.DISTINCT),
            false)
        .onClose(this::close);
  }

  private boolean more() {
    try {
      return awaitMore();
    } catch (VarveException failed) {
      closeQuietly();
      throw failed;
    }
  }

  private boolean awaitMore() {
    requireOpen();
    // In thirds: a node that says nothing must not use up the deadline of a read another could
    // serve.
    for (int third = 0; third < 3; third++) {
      if (items.await(deadlineNanos / 3)) {
        return true;
      }
      if (items.isOver()) {
        requireOpen();
        if (items.await(0)) {
          return true;
        }
        closeQuietly();
        return false;
      }
      if (third < 2) {
        call.restart("no progress");
      }
    }
    close();
    throw new UnavailableException(
        "the read made no progress within " + deadlineNanos / 1_000_000 + " ms", null);
  }

  private Event take() {
    if (!more()) {
      throw new NoSuchElementException();
    }
    return (Event) items.next();
  }

  @Override
  public long head() {
    items.requireMayWait();
    return Waiting.await(call.head(), deadlineNanos);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the read was closed");
    }
  }

  private void closeQuietly() {
    call.cancel();
    whenClosed.accept(this);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      closeQuietly();
      items.ended();
    }
  }
}
