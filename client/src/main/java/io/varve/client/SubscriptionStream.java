package io.varve.client;

import java.time.Duration;
import java.util.Iterator;
import java.util.Optional;

/**
 * A subscription consumed by blocking iteration: it ends only when it is closed or fails. To be
 * consumed once, by one thread at a time; a slow consumer slows the server, and only a few batches
 * are in memory.
 *
 * <p>Iteration ends (without an exception) after {@link #close()}, and throws a {@link
 * VarveException} when the subscription fails for good.
 */
public interface SubscriptionStream extends Iterable<SubscriptionItem>, AutoCloseable {

  /**
   * The items. {@code hasNext()} waits for the next one.
   *
   * @throws IllegalStateException if it was called before
   */
  @Override
  Iterator<SubscriptionItem> iterator();

  /**
   * The next item, or empty if none comes in time or the subscription was closed. May be mixed with
   * the iterator.
   *
   * @throws VarveException when the subscription failed for good
   */
  Optional<SubscriptionItem> poll(Duration timeout);

  /** Ends the subscription. Idempotent; may be called from any thread and wakes the consumer. */
  @Override
  void close();
}
