package io.varve.client.internal;

import io.varve.client.Event;
import io.varve.client.Subscription;
import io.varve.client.SubscriptionItem;
import io.varve.client.SubscriptionItem.CaughtUp;
import io.varve.client.SubscriptionItem.Checkpoint;
import io.varve.client.SubscriptionListener;
import io.varve.client.SubscriptionStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls a listener from a thread of its own, so that it may block. */
final class ListenerSubscription implements Subscription {

  private static final Logger LOG = LoggerFactory.getLogger(ListenerSubscription.class);
  private static final AtomicLong NUMBER = new AtomicLong();

  private final SubscriptionStream items;
  private final SubscriptionListener listener;
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  private ListenerSubscription(SubscriptionStream items, SubscriptionListener listener) {
    this.items = items;
    this.listener = listener;
  }

  static ListenerSubscription start(SubscriptionStream items, SubscriptionListener listener) {
    ListenerSubscription subscription = new ListenerSubscription(items, listener);
    Thread thread = new Thread(subscription::run, "varve-subscription-" + NUMBER.incrementAndGet());
    thread.setDaemon(true);
    thread.start();
    return subscription;
  }

  private void run() {
    try (items) {
      for (SubscriptionItem item : items) {
        if (item instanceof Event event) {
          listener.onEvent(event);
        } else if (item instanceof CaughtUp caughtUp) {
          listener.onCaughtUp(caughtUp.position());
        } else if (item instanceof Checkpoint checkpoint) {
          listener.onCheckpoint(checkpoint.position());
        }
      }
      done.complete(null);
    } catch (RuntimeException | Error failure) {
      try {
        listener.onError(failure);
      } catch (RuntimeException fromListener) {
        LOG.warn("a subscription's listener failed in onError", fromListener);
      }
      done.completeExceptionally(failure);
    }
  }

  @Override
  public CompletableFuture<Void> done() {
    return done;
  }

  @Override
  public void close() {
    items.close();
  }
}
