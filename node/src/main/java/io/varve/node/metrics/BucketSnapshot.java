package io.varve.node.metrics;

import com.codahale.metrics.Snapshot;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The buckets of a histogram at one time. Its statistics are as fine as the buckets are: a value
 * counts as its bucket's bound.
 */
final class BucketSnapshot extends Snapshot {

  private final Buckets buckets;
  private final long[] counts;
  private final long total;
  private final long sum;

  BucketSnapshot(Buckets buckets, long[] counts, long sum) {
    this.buckets = buckets;
    this.counts = counts;
    this.total = Arrays.stream(counts).sum();
    this.sum = sum;
  }

  /** How many values a bucket holds. */
  long count(int bucket) {
    return counts[bucket];
  }

  /** How many values there are. */
  long total() {
    return total;
  }

  /** All values together. */
  long sum() {
    return sum;
  }

  @Override
  public double getValue(double quantile) {
    long rank = (long) Math.ceil(quantile * total);
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= rank && counts[i] > 0) {
        return buckets.bound(i);
      }
    }
    return 0;
  }

  @Override
  public long[] getValues() {
    long[] bounds = new long[size()];
    Arrays.setAll(bounds, buckets::bound);
    return bounds;
  }

  @Override
  public int size() {
    return counts.length;
  }

  @Override
  public long getMax() {
    for (int i = counts.length - 1; i >= 0; i--) {
      if (counts[i] > 0) {
        return buckets.bound(i);
      }
    }
    return 0;
  }

  @Override
  public long getMin() {
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > 0) {
        return buckets.bound(i);
      }
    }
    return 0;
  }

  @Override
  public double getMean() {
    return total == 0 ? 0 : (double) sum / total;
  }

  @Override
  public double getStdDev() {
    double mean = getMean();
    double squares = 0;
    for (int i = 0; i < counts.length; i++) {
      squares += counts[i] * (buckets.bound(i) - mean) * (buckets.bound(i) - mean);
    }
    return total == 0 ? 0 : Math.sqrt(squares / total);
  }

  @Override
  public void dump(OutputStream output) {
    try (PrintWriter out = new PrintWriter(output, false, StandardCharsets.UTF_8)) {
      for (int i = 0; i < counts.length; i++) {
        out.println(buckets.bound(i) + " " + counts[i]);
      }
    }
  }
}
