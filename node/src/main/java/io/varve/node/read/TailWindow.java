package io.varve.node.read;

import io.varve.node.wire.Events;
import io.varve.proto.v1.RecordedEvent;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoredEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

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
  private final ArrayDeque<Recent> events = new ArrayDeque<>();
  private long bytes;

  /** The position of the newest event in the window, or where it would begin if it is empty. */
  private long last;

  TailWindow(LogReader reader, int maxEvents, long maxBytes) {
    this.reader = reader;
    this.maxEvents = maxEvents;
    this.maxBytes = maxBytes;
  }

  /**
   * The events after a position, up to the head.
   *
   * @param max at most this many, from the oldest on
   * @return empty if they do not all lie in the window: then they must come from the store
   */
  synchronized Optional<List<Recent>> after(long position, int max) {
    extend();
    long first = last - events.size() + 1;
    if (position + 1 < first) {
      return Optional.empty();
    }
    List<Recent> found = new ArrayList<>(Math.min(max, events.size()));
    if (position + 1 - first < events.size() / 2) {
      for (Iterator<Recent> i = events.iterator(); i.hasNext() && found.size() < max; ) {
        Recent recent = i.next();
        if (recent.event().position() > position) {
          found.add(recent);
        }
      }
    } else {
      // Most who ask are near the end: walk backward, then turn around.
      for (Iterator<Recent> i = events.descendingIterator(); i.hasNext(); ) {
        Recent recent = i.next();
        if (recent.event().position() <= position) {
          break;
        }
        found.add(recent);
      }
      Collections.reverse(found);
      if (found.size() > max) {
        found.subList(max, found.size()).clear();
      }
    }
    return Optional.of(found);
  }

  /** How many bytes the window holds. */
  synchronized long bytes() {
    return bytes;
  }

  private void extend() {
    long head = reader.head();
    if (head - last > maxEvents) {
      // Nobody followed for a while, or a burst came: those behind it catch up from the store.
      events.clear();
      bytes = 0;
      last = head;
    }
    if (head == last) {
      return;
    }
    try (EventCursor cursor = reader.log(last + 1, Direction.FORWARD)) {
      for (Optional<StoredEvent> next = cursor.next(); next.isPresent(); next = cursor.next()) {
        add(next.get());
      }
    }
  }

  private void add(StoredEvent event) {
    RecordedEvent message = Events.message(event);
    events.add(new Recent(event, message));
    bytes += message.getSerializedSize();
    last = event.position();
    while (events.size() > maxEvents || (bytes > maxBytes && events.size() > 1)) {
      bytes -= events.remove().message().getSerializedSize();
    }
  }
}
