package io.varve.statemachine.condition;

import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.FilterItem;
import io.varve.statemachine.LogReader.Direction;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the newest event that a concurrency scope forbids.
 *
 * <p>Items are tried in order, each only above the newest match of those before it. Within an item
 * each walk is first asked for its newest stop, so that one label without a newer event settles the
 * matter; from the oldest of those stops on they leapfrog. Every question counts the walk's {@link
 * Walk#steps()}.
 */
final class ScopeCheck {

  private final LogView log;

  ScopeCheck(LogView log) {
    this.log = log;
  }

  /**
   * The position of the newest event above {@code after} that the filter matches; {@link Walk#NONE}
   * if there is none, or if the budget is exceeded before one is found.
   */
  long newestMatch(ConcurrencyScope scope, StepBudget budget) {
    long newest = Walk.NONE;
    long floor = scope.getAfter();
    for (FilterItem item : scope.getFilter().getAnyOfList()) {
      long match = newestMatch(item, floor, budget);
      if (budget.exceeded()) {
        return Walk.NONE;
      }
      if (match != Walk.NONE) {
        newest = match;
        floor = match;
      }
    }
    return newest;
  }

  private long newestMatch(FilterItem item, long floor, StepBudget budget) {
    List<Walk> walks = new ArrayList<>();
    for (Walk walk : FilterItems.walks(item, log.backward(), Direction.BACKWARD)) {
      walks.add(new BoundedWalk(walk, floor, budget));
    }
    long candidate = log.head();
    for (Walk walk : walks) {
      long newestStop = walk.seek(log.head());
      if (newestStop == Walk.NONE) {
        return Walk.NONE;
      }
      candidate = Math.min(candidate, newestStop);
    }
    return new IntersectionWalk(walks).seek(candidate);
  }
}
