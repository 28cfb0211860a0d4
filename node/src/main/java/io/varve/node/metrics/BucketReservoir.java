package io.varve.node.metrics;

import com.codahale.metrics.Reservoir;
import com.codahale.metrics.Snapshot;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts values by bucket. Unlike Dropwizard's own reservoirs it neither samples nor forgets, and
 * an update allocates nothing and takes no lock: it may stand in the way of every append.
 */
final class BucketReservoir implements Reservoir {

  private final Buckets buckets;
  private final AtomicLongArray counts;
  private final LongAdder sum = new LongAdder();

  BucketReservoir(Buckets buckets) {
    this.buckets = buckets;
    this.counts = new AtomicLongArray(buckets.size());
  }

  Buckets buckets() {
    return buckets;
  }

  @Override
  public void update(long value) {
    counts.getAndIncrement(buckets.of(value));
    sum.add(value);
  }

  @Override
  public int size() {
    return counts.length();
  }

  @Override
  public Snapshot getSnapshot() {
    return snapshot();
  }

  BucketSnapshot snapshot() {
    long[] now = new long[counts.length()];
    for (int i = 0; i < now.length; i++) {
      now[i] = counts.get(i);
    }
    return new BucketSnapshot(buckets, now, sum.sum());
  }
}
