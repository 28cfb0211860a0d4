package io.varve.node.metrics;

import java.util.Arrays;

/** The bounds of a histogram's buckets, and how its values are written. Immutable. */
final class Buckets {

  private static final long MILLI = 1_000_000;

  /** Durations, recorded in nanoseconds and shown in seconds: 0.1 ms to 10 s. */
  static final Buckets DURATIONS =
      new Buckets(
          new long[] {
            MILLI / 10,
            MILLI / 4,
            MILLI / 2,
            MILLI,
            MILLI * 5 / 2,
            5 * MILLI,
            10 * MILLI,
            25 * MILLI,
            50 * MILLI,
            100 * MILLI,
            250 * MILLI,
            500 * MILLI,
            1_000 * MILLI,
            2_500 * MILLI,
            5_000 * MILLI,
            10_000 * MILLI
          },
          1e9);

  /** How many of something, 1 to 4,096. */
  static final Buckets COUNTS =
      new Buckets(new long[] {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096}, 1);

  /** Sizes in bytes, 256 to 4 MiB. */
  static final Buckets SIZES =
      new Buckets(
          new long[] {1 << 8, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22}, 1);

  private final long[] bounds;
  private final double unit;

  /**
   * Buckets.
   *
   * @param bounds the largest value of each bucket, rising; a last one takes what is larger
   * @param unit how many recorded units make one exposed one: 10^9 for nanoseconds shown as seconds
   */
  private Buckets(long[] bounds, double unit) {
    this.bounds = bounds;
    this.unit = unit;
  }

  /** How many buckets there are, the one for what is larger than every bound included. */
  int size() {
    return bounds.length + 1;
  }

  /** The largest value of a bucket; of the last one, the bound it begins behind. */
  long bound(int bucket) {
    return bounds[Math.min(bucket, bounds.length - 1)];
  }

  /** How many recorded units make an exposed one. */
  double unit() {
    return unit;
  }

  /** The bucket a value belongs to. */
  int of(long value) {
    int found = Arrays.binarySearch(bounds, value);
    return found >= 0 ? found : -found - 1;
  }
}
