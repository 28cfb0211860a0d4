package io.varve.statemachine.condition;

/**
 * A backward walk that ends at a floor, and whose every question counts against a budget; when the
 * budget is exceeded the walk ends too.
 */
final class BoundedWalk implements Walk {

  private final Walk walk;
  private final long floor;
  private final StepBudget budget;

  /**
   * @param floor stops at or below this position do not count
   */
  BoundedWalk(Walk walk, long floor, StepBudget budget) {
    this.walk = walk;
    this.floor = floor;
    this.budget = budget;
  }

  @Override
  public long seek(long position) {
    if (!budget.take(walk.steps())) {
      return NONE;
    }
    long stop = walk.seek(position);
    return stop > floor ? stop : NONE;
  }

  @Override
  public long steps() {
    return walk.steps();
  }
}
