package io.varve.statemachine;

import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.statemachine.condition.FilterItems;

/**
 * Tells in memory whether an event matches a filter; for those who follow the tail of the log and
 * need no index. Immutable.
 */
public final class FilterMatcher {

  private final Filter filter;

  /**
   * @throws IllegalArgumentException if the filter has no item, or an item names no label
   */
  public FilterMatcher(Filter filter) {
    FilterItems.requireSelective(filter);
    this.filter = filter;
  }

  /** Whether any item of the filter matches the event. */
  public boolean matches(StoredEvent event) {
    for (FilterItem item : filter.getAnyOfList()) {
      if (matches(item, event)) {
        return true;
      }
    }
    return false;
  }

  private static boolean matches(FilterItem item, StoredEvent event) {
    return isUnsetOr(item.getSource(), event.source())
        && isUnsetOr(item.getSourceType(), event.sourceType())
        && isUnsetOr(item.getStreamType(), event.streamType())
        && isUnsetOr(item.getStreamId(), event.streamId())
        && (item.getTypesCount() == 0 || item.getTypesList().contains(event.type()))
        && (item.getTagsCount() == 0 || event.tags().containsAll(item.getTagsList()));
  }

  private static boolean isUnsetOr(String wanted, String label) {
    return wanted.isEmpty() || wanted.equals(label);
  }
}
