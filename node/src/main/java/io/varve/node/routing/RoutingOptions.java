package io.varve.node.routing;

import java.time.Duration;

/**
 * Bounds of the routing.
 *
 * @param maxHeldAppends how many unanswered appends the node holds, over all callers
 * @param maxHeldBytes how many bytes of them
 * @param tick how often sessions that wait for a leader, or for one's answers, look again
 */
public record RoutingOptions(int maxHeldAppends, long maxHeldBytes, Duration tick) {

  public RoutingOptions {
    if (maxHeldAppends <= 0 || maxHeldBytes <= 0 || tick.toNanos() <= 0) {
      throw new IllegalArgumentException("bounds must be positive");
    }
  }

  /** 131,072 appends, 256 MiB, 20 ms. */
  public static RoutingOptions defaults() {
    return new RoutingOptions(131_072, 256L << 20, Duration.ofMillis(20));
  }
}
