package io.varve.client.projections;

import io.varve.client.Event;

/**
 * Applies one event. Called by one thread at a time for each partition of the projection; it may
 * block. For handlers that write in the checkpoint's transaction see {@link TransactionalHandler}.
 */
@FunctionalInterface
public interface EventHandler {

  /**
   * Applies an event.
   *
   * @throws Exception if it could not be applied: it is tried again, and then parked
   */
  void handle(Event event) throws Exception;
}
