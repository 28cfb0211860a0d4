package io.varve.client.projections;

import io.varve.client.Event;

/**
 * Applies one event inside the transaction that also stores the checkpoint. Called by one thread at
 * a time for each partition of the projection; it may block.
 *
 * @param <T> the transaction: {@link java.sql.Connection} for a {@link JdbcCheckpointStore}
 */
@FunctionalInterface
public interface TransactionalHandler<T> {

  /**
   * Applies an event. What it does through the transaction becomes visible together with the
   * checkpoint, or not at all.
   *
   * @param transaction to write with; valid until this method returns, and neither to be committed
   *     nor rolled back nor closed
   * @throws Exception if it could not be applied: everything is rolled back, it is tried again, and
   *     then parked
   */
  void handle(Event event, T transaction) throws Exception;
}
