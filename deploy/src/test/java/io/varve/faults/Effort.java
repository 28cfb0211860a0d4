package io.varve.faults;

/**
 * How long the fault tests go on: short in every build, long in the Maven profile {@code faults}.
 */
final class Effort {
  private static final boolean LONG = Boolean.getBoolean("varve.faults.long");

  private Effort() {}

  /** Whether this is a long run. */
  static boolean isLong() {
    return LONG;
  }

  /** One of two numbers, by the length of the run. */
  static int of(int inShortRuns, int inLongRuns) {
    return LONG ? inLongRuns : inShortRuns;
  }

  /**
   * The seed of a random test: given as {@code varve.faults.seed}, else new; printed either way.
   */
  static long seed(String test) {
    Long given = Long.getLong("varve.faults.seed");
    long seed = given != null ? given : System.nanoTime();
    System.out.println(test + ": -Dvarve.faults.seed=" + seed);
    return seed;
  }
}
