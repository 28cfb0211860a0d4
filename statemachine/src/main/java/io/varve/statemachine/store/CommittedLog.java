package io.varve.statemachine.store;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.Filter;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LatestPage;
import io.varve.statemachine.LogClosedException;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.SourcePage;
import io.varve.statemachine.SourcePage.ListedSource;
import io.varve.statemachine.StoreException;
import io.varve.statemachine.StoreStatistics;
import io.varve.statemachine.StoredEvent;
import io.varve.statemachine.condition.FilterItems;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.rocksdb.RocksIterator;

/**
 * The log as its readers see it: what is in the store, up to a head that each call names.
 * Thread-safe. Every method throws {@link LogClosedException} once the store is closed.
 */
public final class CommittedLog {

  private final LogStore store;

  public CommittedLog(LogStore store) {
    this.store = store;
  }

  /** The version of a source as of a head; 0 = it does not exist there. */
  public long version(String source, long head) {
    return reading(
        () -> {
          long number = store.sources().number(source);
          return number == 0 ? 0L : store.bySource().version(number, head, store.listReads());
        });
  }

  /** The position of a version of a source, as of a head. */
  public Optional<Long> position(String source, long version, long head) {
    return reading(
        () -> {
          long number = store.sources().number(source);
          long position = number == 0 || version < 1 ? 0 : store.bySource().find(number, version);
          return position == 0 || position > head ? Optional.<Long>empty() : Optional.of(position);
        });
  }

  /** The event at a position, if there is one. */
  public Optional<StoredEvent> event(long position) {
    return reading(
        () -> Optional.ofNullable(store.events().find(position)).map(EventCodec::decode));
  }

  /** What is remembered of the append whose first event is at a position. */
  public Optional<AppendRow> remembered(long firstPosition) {
    return reading(() -> store.appends().find(firstPosition));
  }

  /** What is remembered of every append that begins above a position, in log order. */
  public void forEachRemembered(long after, Consumer<AppendRow> action) {
    reading(
        () -> {
          store.appends().forEachAfter(after, store.scanReads(), action);
          return true;
        });
  }

  /** The Raft index up to which everything has been written. */
  public long appliedIndex() {
    return reading(() -> store.state().appliedIndex());
  }

  /**
   * The newest event of each of a source's keys, as of now: a page of them.
   *
   * @param afterKey only keys greater than this; empty = from the first
   * @param mostBytes no further event once the payloads and metadata have this many
   */
  public LatestPage latest(
      String source, String keyPrefix, String afterKey, int mostEvents, long mostBytes) {
    return reading(
        () -> {
          long number = store.sources().number(source);
          if (number == 0) {
            return new LatestPage(List.of(), Optional.empty());
          }
          try (RocksIterator rows = store.latest().iterator(store.listReads())) {
            return new LatestReads(rows, store.events(), number, keyPrefix)
                .page(afterKey, mostEvents, mostBytes);
          }
        });
  }

  /** The sources whose names have a prefix, as of a head: a page of them. */
  public SourcePage sources(String prefix, String afterSource, int most, long head) {
    return reading(
        () -> {
          List<ListedSource> sources = new ArrayList<>();
          boolean more = false;
          PrefixScan scan =
              new PrefixScan(SourcesColumn.key(prefix), SourcesColumn.key(afterSource));
          try (RocksIterator names = store.sources().iterator(store.scanReads());
              RocksIterator versions = store.bySource().iterator(store.listReads())) {
            for (scan.start(names); !more && scan.contains(names); names.next()) {
              SourceEntry source =
                  BySourceColumn.load(
                      versions, SourcesColumn.source(names.key()), Keys.first(names.value()), head);
              if (source.version() == 0) {
                continue; // It came after the head.
              }
              more = sources.size() == most;
              if (!more) {
                sources.add(
                    new ListedSource(source.name(), source.version(), source.newestPosition()));
              }
            }
          }
          return new SourcePage(sources, more);
        });
  }

  /** The newest position up to a head that was recorded at or before a time; 0 = there is none. */
  public long positionAt(long recordedMicros, long head) {
    return reading(
        () -> {
          // The answer is in [low, high]: recorded times never run backwards.
          long low = 0;
          long high = head;
          while (low < high) {
            long middle = low + (high - low + 1) / 2;
            if (EventCodec.recordedMicros(store.events().get(middle)) <= recordedMicros) {
              low = middle;
            } else {
              high = middle - 1;
            }
          }
          return low;
        });
  }

  /** The highest number of a client's buffer that has landed; 0 = none. */
  public long lastSequence(String clientId, String bufferId) {
    return reading(
        () ->
            store
                .origins()
                .find(new OriginName(clientId, bufferId))
                .map(OriginsColumn.Value::last)
                .orElse(0L));
  }

  /** The chain hash at a position, 0 to the head. */
  public ByteString chainHash(long position) {
    return reading(
        () -> {
          long kept = position - position % MetaColumn.CHAIN_INTERVAL;
          ChainHash chain =
              kept == 0
                  ? new ChainHash()
                  : new ChainHash(
                      store
                          .meta()
                          .chainHash(kept)
                          .orElseThrow(
                              () ->
                                  new StoreException("no chain hash is kept at position " + kept)));
          try (RocksIterator events = store.events().iterator(store.scanReads())) {
            events.seek(EventsColumn.key(kept + 1));
            for (long at = kept + 1; at <= position; at++) {
              if (!Column.isValid(events) || EventsColumn.position(events.key()) != at) {
                throw new StoreException("there is no event at position " + at);
              }
              byte[] record = events.value();
              chain.append(record, 0, EventCodec.headerLength(record), record.length);
              events.next();
            }
          }
          return chain.current();
        });
  }

  /** What the store takes and is busy with. */
  public StoreStatistics statistics() {
    return reading(store::statistics);
  }

  /** Every event up to a head, from a position on. */
  public EventCursor log(long fromPosition, Direction direction, long head) {
    return opening(() -> new LogCursor(store, head, fromPosition, direction));
  }

  /** A source's events up to a head, from a version on. */
  public EventCursor source(String source, long fromVersion, Direction direction, long head) {
    return opening(
        () ->
            new SourceCursor(store, head, store.sources().number(source), fromVersion, direction));
  }

  /**
   * The events a filter matches up to a head, from a position on.
   *
   * @throws IllegalArgumentException if the filter has no item, or an item names no label
   */
  public EventCursor filter(Filter filter, long fromPosition, Direction direction, long head) {
    FilterItems.requireSelective(filter);
    return opening(() -> new FilterCursor(store, head, filter, fromPosition, direction));
  }

  private <T> T reading(Supplier<T> read) {
    store.retain();
    try {
      return read.get();
    } finally {
      store.release();
    }
  }

  /** The cursor opened takes over the reference. */
  private EventCursor opening(Supplier<EventCursor> open) {
    store.retain();
    boolean opened = false;
    try {
      EventCursor cursor = open.get();
      opened = true;
      return cursor;
    } finally {
      if (!opened) {
        store.release();
      }
    }
  }
}
