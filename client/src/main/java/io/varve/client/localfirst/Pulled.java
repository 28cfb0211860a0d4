package io.varve.client.localfirst;

import io.varve.client.Event;
import java.util.List;

/** What comes from the log, in order. */
sealed interface Pulled {

  /**
   * An event.
   *
   * @param json as it came, which is what is kept
   */
  record Recorded(Event event, String json) implements Pulled {}

  /** Everything that matches up to a position has come, and whether that was the head. */
  record UpTo(long position, boolean caughtUp) implements Pulled {}

  /** The newest event of each key of a source as of a position, instead of what came before. */
  record Latest(List<Recorded> events, long asOf) implements Pulled {
    public Latest {
      events = List.copyOf(events);
    }
  }
}
