package io.varve.client.projections;

import java.util.concurrent.atomic.LongAdder;

/** What a runner counts. Thread-safe. */
final class Counters {
  final LongAdder applied = new LongAdder();
  final LongAdder retried = new LongAdder();
  final LongAdder parked = new LongAdder();
  final LongAdder skipped = new LongAdder();
  final LongAdder fenced = new LongAdder();
  final LongAdder storeFailures = new LongAdder();
}
