package io.varve.client;

import java.util.Objects;

/**
 * No event that matches the filter exists at a position greater than {@code after}.
 *
 * @param filter what conflicts
 * @param after a position, 0 to the head; 0 = nothing matching may exist yet. One above the head at
 *     the time of the decision is refused ({@link OutOfRangeException}): it was taken from another
 *     history
 */
public record ConcurrencyScope(Filter filter, long after) implements Condition {

  public ConcurrencyScope {
    Objects.requireNonNull(filter, "filter");
    if (after < 0) {
      throw new IllegalArgumentException("a position is never negative: " + after);
    }
  }
}
