package io.varve.statemachine;

import java.util.Optional;

/**
 * Walks events of a {@link LogReader} over the state at its opening. Not thread-safe, but may move
 * between threads. Holds native resources until closed.
 */
public interface EventCursor extends AutoCloseable {

  /** The next event, or empty when there is none up to {@link #head()}. Empty stays empty. */
  Optional<StoredEvent> next();

  /** The head at the time the cursor was opened: nothing behind it is returned. */
  long head();

  @Override
  void close();
}
