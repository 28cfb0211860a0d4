package io.varve.statemachine.condition;

/**
 * Positions met when walking the log one way, forward or backward, and stopping only at some
 * events: those with one label, those of one source, those a filter matches.
 */
public interface Walk {

  /** No position: the walk is over. Not a position of any event. */
  long NONE = 0;

  /**
   * The first stop at or past a position, in walking order; {@link #NONE} when there is none.
   * Successive calls never turn back.
   */
  long seek(long position);

  /**
   * How many steps one {@link #seek} counts against the limit of a scope. A property of the log,
   * not of the effort it happens to take.
   */
  default long steps() {
    return 1;
  }

  /** A walk that stops nowhere: a label no event has. */
  static Walk empty() {
    return position -> NONE;
  }
}
