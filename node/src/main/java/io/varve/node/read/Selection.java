package io.varve.node.read;

import io.varve.proto.v1.Filter;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.FilterMatcher;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoredEvent;

/** Which events a stream is about. */
sealed interface Selection {

  /** Walks them in the store, from a position on (inclusive). */
  EventCursor open(LogReader reader, long fromPosition, Direction direction);

  /** Whether an event is one of them. */
  boolean includes(StoredEvent event);

  /** Every event. */
  record WholeLog() implements Selection {
    @Override
    public EventCursor open(LogReader reader, long fromPosition, Direction direction) {
      return reader.log(fromPosition, direction);
    }

    @Override
    public boolean includes(StoredEvent event) {
      return true;
    }
  }

  /** Those of one source. */
  record OneSource(String source) implements Selection {
    @Override
    public EventCursor open(LogReader reader, long fromPosition, Direction direction) {
      // Versions rise with positions.
      if (direction == Direction.FORWARD) {
        long before = VersionSearch.versionsBefore(reader, source, fromPosition);
        return reader.source(source, before + 1, direction);
      }
      return reader.source(
          source, VersionSearch.versionsUpTo(reader, source, fromPosition), direction);
    }

    @Override
    public boolean includes(StoredEvent event) {
      return event.source().equals(source);
    }
  }

  /** Those a filter matches. */
  record Matching(Filter filter, FilterMatcher matcher) implements Selection {
    Matching(Filter filter) {
      this(filter, new FilterMatcher(filter));
    }

    @Override
    public EventCursor open(LogReader reader, long fromPosition, Direction direction) {
      return reader.filter(filter, fromPosition, direction);
    }

    @Override
    public boolean includes(StoredEvent event) {
      return matcher.matches(event);
    }
  }
}
