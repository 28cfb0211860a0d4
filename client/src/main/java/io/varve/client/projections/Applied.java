package io.varve.client.projections;

import java.util.Set;

/**
 * Everything up to a position has been applied, but for what is parked.
 *
 * @param position the position that was awaited
 * @param parked sources that had events at or before that position parked when it was reached:
 *     whoever reads one of them does not see them. Empty in all but bad times
 */
public record Applied(long position, Set<String> parked) {
  public Applied {
    parked = Set.copyOf(parked);
  }
}
