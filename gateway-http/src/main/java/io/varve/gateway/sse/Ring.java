package io.varve.gateway.sse;

import io.varve.client.Bytes;
import io.varve.client.Event;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The newest events of a feed: all of those behind a position, the floor. Each is serialized once,
 * when somebody first wants it. Used by one thread.
 */
final class Ring {

  /** What an event takes beside its payload and metadata, roughly, in bytes. */
  private static final int OVERHEAD_BYTES = 768;

  private final long limitBytes;
  private final Deque<Recent> events = new ArrayDeque<>();
  private long bytes;
  private long floor;

  /**
   * An empty ring.
   *
   * @param limitBytes how many bytes of events it keeps, roughly; one event is kept whatever its
   *     size
   * @param floor it will hold all events behind this position
   */
  Ring(long limitBytes, long floor) {
    this.limitBytes = limitBytes;
    this.floor = floor;
  }

  /** The position behind which it has everything. */
  long floor() {
    return floor;
  }

  /** Adds the next event, and drops the oldest while there is too much. */
  Recent add(Event event) {
    Recent added = new Recent(event);
    events.addLast(added);
    bytes += added.size;
    while (bytes > limitBytes && events.size() > 1) {
      Recent dropped = events.removeFirst();
      bytes -= dropped.size;
      floor = dropped.event.position();
    }
    return added;
  }

  /**
   * The events behind a position that are wanted, in order.
   *
   * @param after at or above the floor
   */
  List<Recent> after(long after, Predicate<Event> wanted) {
    List<Recent> found = new ArrayList<>();
    for (Iterator<Recent> newest = events.descendingIterator(); newest.hasNext(); ) {
      Recent recent = newest.next();
      if (recent.event.position() <= after) {
        break;
      }
      if (wanted.test(recent.event)) {
        found.add(recent);
      }
    }
    Collections.reverse(found);
    return found;
  }

  /** An event, and what goes out for it. */
  static final class Recent {
    private Event event;
    private @Nullable Frame frame;
    private final long size;

    private Recent(Event event) {
      this.event = event;
      // As an event it is as large as its payload; as text at most a third larger, base64.
      this.size = OVERHEAD_BYTES + 4L * (event.data().size() + event.metadata().size()) / 3;
    }

    long position() {
      return event.position();
    }

    Frame frame() {
      Frame made = frame;
      if (made == null) {
        made = Frame.of(event);
        frame = made;
        // Its labels still tell who wants it; what it carries lies in the frame now.
        event = labelsOf(event);
      }
      return made;
    }

    private static Event labelsOf(Event event) {
      return new Event(
          event.position(),
          event.source(),
          event.version(),
          event.type(),
          event.sourceType(),
          event.streamType(),
          event.streamId(),
          event.tags(),
          event.key(),
          event.tombstone(),
          Bytes.empty(),
          event.contentType(),
          Bytes.empty(),
          event.occurred(),
          event.recorded(),
          event.id(),
          event.clientId(),
          event.bufferId(),
          event.clientSequence());
    }
  }
}
