package io.varve.client;

import java.util.concurrent.CompletableFuture;

/** A running subscription of a {@link SubscriptionListener}. Thread-safe. */
public interface Subscription extends AutoCloseable {

  /**
   * Completes when the subscription is over: normally after {@link #close()}, exceptionally when it
   * failed for good.
   */
  CompletableFuture<Void> done();

  /**
   * Ends the subscription. Returns at once; a call of the listener that is under way runs to its
   * end. Idempotent.
   */
  @Override
  void close();
}
