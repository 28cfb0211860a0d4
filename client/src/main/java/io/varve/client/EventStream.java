package io.varve.client;

import java.util.Iterator;
import java.util.stream.Stream;

/**
 * The events of one read, in order, fetched as they are consumed: however many there are, only a
 * few batches are in memory.
 *
 * <p>To be consumed once, by one thread at a time, and closed (best by try-with-resources); it
 * closes itself after its last event. If the answering node is lost on the way, the read continues
 * on another one behind the last event consumed, without a gap or a duplicate, and still ends at
 * the same head.
 *
 * <p>Iterating throws a {@link VarveException} when the read cannot be continued within its
 * deadline or is refused, and {@link IllegalStateException} after {@link #close()}.
 */
public interface EventStream extends Iterable<Event>, AutoCloseable {

  /**
   * The events.
   *
   * @throws IllegalStateException if {@code iterator()} or {@code stream()} was called before
   */
  @Override
  Iterator<Event> iterator();

  /**
   * The events as a sequential, ordered stream; closing it closes this.
   *
   * @throws IllegalStateException if {@code iterator()} or {@code stream()} was called before
   */
  Stream<Event> stream();

  /**
   * The head this read answers from: nothing behind it is included. Waits for the first answer.
   *
   * @throws VarveException if the read was refused or no node answers within its deadline
   */
  long head();

  /** Ends the read and frees what it holds. Idempotent; may be called from any thread. */
  @Override
  void close();
}
