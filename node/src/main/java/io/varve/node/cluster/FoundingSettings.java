package io.varve.node.cluster;

/**
 * What is fixed for ever when a log is founded.
 *
 * @param log the log's name
 * @param dedupWindow for how many positions an append id is remembered, at least 1
 * @param scopeStepLimit how many steps deciding the scopes of one append may take, at least 1
 */
public record FoundingSettings(String log, long dedupWindow, long scopeStepLimit) {

  public FoundingSettings {
    if (log.isEmpty()) {
      throw new IllegalArgumentException("log: the name must not be empty");
    }
    if (dedupWindow < 1) {
      throw new IllegalArgumentException("dedupWindow must be at least 1, not " + dedupWindow);
    }
    if (scopeStepLimit < 1) {
      throw new IllegalArgumentException(
          "scopeStepLimit must be at least 1, not " + scopeStepLimit);
    }
  }

  /** The log {@code default}, a window of 1,000,000 positions, 100,000 steps. */
  public static FoundingSettings defaults() {
    return new FoundingSettings("default", 1_000_000, 100_000);
  }
}
