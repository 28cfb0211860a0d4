package io.varve.statemachine.store;

import io.varve.statemachine.LatestPage;
import io.varve.statemachine.StoredEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.rocksdb.RocksIterator;

/** Reads the newest events of one source's keys, page by page. Not thread-safe. */
final class LatestReads {

  /** A page looks at no more keys, however many of them are tombstones: it must end soon. */
  static final int MOST_KEYS = 10_000;

  private final RocksIterator rows;
  private final EventsColumn events;
  private final long source;
  private final byte[] prefix;

  /**
   * @param rows an iterator over {@code latest}, within lists
   * @param source the source's number
   * @param keyPrefix only keys that begin with this
   */
  LatestReads(RocksIterator rows, EventsColumn events, long source, String keyPrefix) {
    this.rows = rows;
    this.events = events;
    this.source = source;
    this.prefix = LatestColumn.key(source, keyPrefix);
  }

  /** The page that begins after a key. */
  LatestPage page(String afterKey, int mostEvents, long mostBytes) {
    List<StoredEvent> page = new ArrayList<>();
    long bytes = 0;
    int keys = 0;
    String lastKey = "";
    PrefixScan scan = new PrefixScan(prefix, LatestColumn.key(source, afterKey));
    for (scan.start(rows); scan.contains(rows); rows.next()) {
      if (keys == MOST_KEYS
          || page.size() == mostEvents
          || (!page.isEmpty() && bytes >= mostBytes)) {
        return new LatestPage(page, Optional.of(lastKey));
      }
      keys++;
      lastKey = LatestColumn.key(rows.key());
      StoredEvent event = EventCodec.decode(events.get(Keys.first(rows.value())));
      if (!event.tombstone()) {
        page.add(event);
        bytes += (long) event.data().size() + event.metadata().size();
      }
    }
    return new LatestPage(page, Optional.empty());
  }
}
