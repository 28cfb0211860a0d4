package io.varve.statemachine.store;

import io.varve.statemachine.EventCursor;
import io.varve.statemachine.StoredEvent;
import java.util.Optional;

/**
 * A cursor over a store, which it keeps open until it is closed itself.
 *
 * <p>No RocksDB snapshot is needed for a fixed view: what a cursor reads is only ever added to,
 * with rising positions, so that the head at its opening bounds it.
 */
abstract class StoreCursor implements EventCursor {

  private final LogStore store;
  private final long head;
  private boolean ended;
  private boolean closed;

  /** Over a store that the caller has retained for this cursor. */
  StoreCursor(LogStore store, long head) {
    this.store = store;
    this.head = head;
  }

  /** The next event; empty at the end, and then not asked again. */
  abstract Optional<StoredEvent> advance();

  /** Closes what this cursor opened. */
  abstract void closeReads();

  @Override
  public final Optional<StoredEvent> next() {
    if (closed) {
      throw new IllegalStateException("the cursor is closed");
    }
    if (ended) {
      return Optional.empty();
    }
    Optional<StoredEvent> next = advance();
    ended = next.isEmpty();
    return next;
  }

  @Override
  public final long head() {
    return head;
  }

  @Override
  public final void close() {
    if (!closed) {
      closed = true;
      try {
        closeReads();
      } finally {
        store.release();
      }
    }
  }
}
