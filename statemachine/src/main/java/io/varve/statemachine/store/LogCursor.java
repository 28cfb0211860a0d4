package io.varve.statemachine.store;

import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoreException;
import io.varve.statemachine.StoredEvent;
import java.util.Optional;
import org.rocksdb.RocksIterator;

/** Walks the whole log. Positions have no gaps, so the next one is always known. */
final class LogCursor extends StoreCursor {

  private final Direction direction;
  private final RocksIterator events;

  /** The position of the event that comes next. */
  private long position;

  private boolean started;

  LogCursor(LogStore store, long head, long fromPosition, Direction direction) {
    super(store, head);
    this.direction = direction;
    this.events = store.events().iterator(store.scanReads());
    this.position =
        direction == Direction.FORWARD
            ? Math.max(1, fromPosition)
            : Math.max(0, Math.min(head, fromPosition));
  }

  @Override
  Optional<StoredEvent> advance() {
    if (position < 1 || position > head()) {
      return Optional.empty();
    }
    step();
    if (!Column.isValid(events)) {
      throw new StoreException("there is no event at position " + position);
    }
    StoredEvent event = EventCodec.decode(events.value());
    if (event.position() != position) {
      throw new StoreException(
          "the event at position " + position + " says it stands at " + event.position());
    }
    position += direction == Direction.FORWARD ? 1 : -1;
    return Optional.of(event);
  }

  private void step() {
    if (!started) {
      started = true;
      events.seek(EventsColumn.key(position));
    } else if (direction == Direction.FORWARD) {
      events.next();
    } else {
      events.prev();
    }
  }

  @Override
  void closeReads() {
    events.close();
  }
}
