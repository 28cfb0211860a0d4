package io.varve.statemachine.store;

import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoredEvent;
import io.varve.statemachine.condition.FilterItems;
import io.varve.statemachine.condition.IntersectionWalk;
import io.varve.statemachine.condition.UnionWalk;
import io.varve.statemachine.condition.Walk;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Walks the events that a filter matches, found through the indexes. */
final class FilterCursor extends StoreCursor {

  private final Direction direction;
  private final EventsColumn events;
  private final CommittedIndex index;
  private final Walk matches;

  /** Where to look on; 0 = nowhere. */
  private long position;

  FilterCursor(LogStore store, long head, Filter filter, long fromPosition, Direction direction) {
    super(store, head);
    this.direction = direction;
    this.events = store.events();
    this.index = new CommittedIndex(store, head, direction);
    List<Walk> items = new ArrayList<>(filter.getAnyOfCount());
    for (FilterItem item : filter.getAnyOfList()) {
      items.add(new IntersectionWalk(FilterItems.walks(item, index, direction)));
    }
    this.matches = new UnionWalk(items, direction);
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
    long match = matches.seek(position);
    if (match == Walk.NONE) {
      return Optional.empty();
    }
    position = direction == Direction.FORWARD ? match + 1 : match - 1;
    return Optional.of(EventCodec.decode(events.get(match)));
  }

  @Override
  void closeReads() {
    index.close();
  }
}
