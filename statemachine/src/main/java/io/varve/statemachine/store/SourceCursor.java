package io.varve.statemachine.store;

import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoredEvent;
import java.util.Optional;
import org.rocksdb.RocksIterator;

/** Walks one source, version by version. */
final class SourceCursor extends StoreCursor {

  private final Direction direction;
  private final EventsColumn events;
  private final RocksIterator versions;
  private final byte[] start;
  private final byte[] position = new byte[Long.BYTES];
  private boolean started;

  /**
   * @param source the source's number; 0 if it does not exist
   */
  SourceCursor(LogStore store, long head, long source, long fromVersion, Direction direction) {
    super(store, head);
    this.direction = direction;
    this.events = store.events();
    this.versions = store.bySource().iterator(store.listReads());
    this.start = BySourceColumn.key(source, Math.max(0, fromVersion));
  }

  @Override
  Optional<StoredEvent> advance() {
    step();
    if (direction == Direction.BACKWARD) {
      while (Column.isValid(versions) && position() > head()) {
        versions.prev();
      }
    }
    if (!Column.isValid(versions) || position() > head()) {
      return Optional.empty();
    }
    return Optional.of(EventCodec.decode(events.get(position())));
  }

  private void step() {
    if (started) {
      if (direction == Direction.FORWARD) {
        versions.next();
      } else {
        versions.prev();
      }
    } else {
      started = true;
      if (direction == Direction.FORWARD) {
        versions.seek(start);
      } else {
        versions.seekForPrev(start);
      }
    }
  }

  private long position() {
    versions.value(position);
    return Keys.first(position);
  }

  @Override
  void closeReads() {
    versions.close();
  }
}
