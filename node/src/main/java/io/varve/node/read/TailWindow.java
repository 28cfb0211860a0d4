package io.varve.node.read;

import io.varve.node.wire.Events;
import io.varve.proto.v1.RecordedEvent;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoredEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The newest events, read from the store and encoded once for all who follow the tail. Bounded by
 * number and bytes; reads only while somebody follows. Thread-safe.
 */
final class TailWindow {

  /** A recent event, as stored and as sent. */
  record Recent(StoredEvent event, RecordedEvent message) {}

  private final LogReader reader;
  private final int maxEvents;
  private final long maxBytes;

  /** Each event at its position modulo the length: positions have no gaps. */
  private final @Nullable Recent[] ring;

  private int count;
  private long bytes;

  /** The position of the newest event in the window, or where it would begin if it is empty. */
  private long last;

  private volatile long eventsRead;

  TailWindow(LogReader reader, int maxEvents, long maxBytes) {
    this.reader = reader;
    this.maxEvents = maxEvents;
    this.maxBytes = maxBytes;
    this.ring = new Recent[maxEvents];
  }

  /** How many events were read from the store for all who follow the tail. */
  long eventsRead() {
    return eventsRead;
  }

  /**
   * The events after a position, up to the head.
   *
   * @param max at most this many, from the oldest on
   * @return empty if they do not all lie in the window: then they must come from the store
   */
  synchronized Optional<List<Recent>> after(long position, int max) {
    extend();
    if (position < last - count) {
      return Optional.empty();
    }
    int found = (int) Math.min(max, Math.max(0, last - position));
    List<Recent> events = new ArrayList<>(found);
    for (long next = position + 1; events.size() < found; next++) {
      events.add(at(next));
    }
    return Optional.of(events);
  }

  /** How many bytes the window holds. */
  synchronized long bytes() {
    return bytes;
  }

  private void extend() {
    long head = reader.head();
    if (head - last > maxEvents) {
      // Nobody followed for a while, or a burst came: those behind it catch up from the store.
      while (count > 0) {
        removeOldest();
      }
      last = head;
    }
    if (head <= last) {
      return;
    }
    try (EventCursor cursor = reader.log(last + 1, Direction.FORWARD)) {
      for (Optional<StoredEvent> next = cursor.next(); next.isPresent(); next = cursor.next()) {
        add(next.get());
      }
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written under the lock, read without
  private void add(StoredEvent event) {
    RecordedEvent message = Events.message(event);
    if (count == maxEvents) {
      removeOldest();
    }
    last = event.position();
    ring[slot(last)] = new Recent(event, message);
    count++;
    eventsRead++;
    bytes += message.getSerializedSize();
    while (bytes > maxBytes && count > 1) {
      removeOldest();
    }
  }

  private void removeOldest() {
    long oldest = last - count + 1;
    bytes -= at(oldest).message().getSerializedSize();
    ring[slot(oldest)] = null;
    count--;
  }

  private Recent at(long position) {
    return Objects.requireNonNull(ring[slot(position)]);
  }

  private int slot(long position) {
    return (int) (position % maxEvents);
  }
}
