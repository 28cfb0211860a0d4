package io.varve.node.routing;

/** How deadlines shrink on their way inward, so that precise answers travel back in time. */
public final class Deadlines {

  private static final long MAX_MARGIN_MILLIS = 500;

  private Deadlines() {}

  /**
   * How much earlier than its caller a node gives up: an eighth of what is left, 500 ms at most.
   */
  public static long marginMillis(long leftMillis) {
    return Math.min(Math.max(leftMillis, 0) / 8, MAX_MARGIN_MILLIS);
  }
}
