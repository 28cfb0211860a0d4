package io.varve.statemachine.store;

import io.varve.proto.v1.Filter;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LogClosedException;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoredEvent;
import io.varve.statemachine.condition.FilterItems;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

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
