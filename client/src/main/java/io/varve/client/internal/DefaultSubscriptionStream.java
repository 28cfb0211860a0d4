package io.varve.client.internal;

import io.varve.client.SubscriptionItem;
import io.varve.client.SubscriptionStream;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A subscription, consumed by waiting. */
final class DefaultSubscriptionStream implements SubscriptionStream {

  /** Waiting for an event has no end; this is only as long as one wait can be. */
  private static final long FOREVER = TimeUnit.DAYS.toNanos(365);

  private final SubscribeCall call;
  private final BlockingItems items;
  private final Consumer<AutoCloseable> whenClosed;

  private boolean taken;
  private volatile boolean closed;

  DefaultSubscriptionStream(
      SubscribeCall call, BlockingItems items, Consumer<AutoCloseable> whenClosed) {
    this.call = call;
    this.items = items;
    this.whenClosed = whenClosed;
  }

  @Override
  public Iterator<SubscriptionItem> iterator() {
    if (taken) {
      throw new IllegalStateException("a subscription can be consumed only once");
    }
    taken = true;
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return more();
      }

      @Override
      public SubscriptionItem next() {
        return take();
      }
    };
  }

  private boolean more() {
    while (!closed) {
      if (items.await(FOREVER)) {
        return !closed;
      }
      if (items.isOver()) {
        return !closed && items.await(0);
      }
    }
    return false;
  }

  private SubscriptionItem take() {
    if (!more()) {
      throw new NoSuchElementException("the subscription was closed");
    }
    return items.next();
  }

  @Override
  public Optional<SubscriptionItem> poll(Duration timeout) {
    return !closed && items.await(Math.max(0, timeout.toNanos()))
        ? Optional.of(items.next())
        : Optional.empty();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      call.cancel();
      whenClosed.accept(this);
      items.ended();
    }
  }
}
