package io.varve.statemachine.condition;

/** How many more steps the scopes of one append may take. */
final class StepBudget {

  private final long limit;
  private long taken;

  StepBudget(long limit) {
    this.limit = limit;
  }

  /** Takes steps; false if that is more than allowed. */
  boolean take(long steps) {
    taken += steps;
    return !exceeded();
  }

  boolean exceeded() {
    return taken > limit;
  }

  long limit() {
    return limit;
  }
}
