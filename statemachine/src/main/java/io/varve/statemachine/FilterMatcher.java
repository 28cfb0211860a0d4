package io.varve.statemachine;

import io.varve.proto.v1.Filter;

/** Tells in memory whether an event matches a filter. Immutable. */
public final class FilterMatcher {

  private final Filter filter;

  /**
   * @throws IllegalArgumentException if the filter has no item, or an item names no label
   */
  public FilterMatcher(Filter filter) {
    this.filter = filter;
  }

  /** Whether any item of the filter matches the event. */
  public boolean matches(StoredEvent event) {
    throw new UnsupportedOperationException("comes in a moment" + filter + event);
  }
}
