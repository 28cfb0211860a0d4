package io.varve.cli.load;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/** Counts what a load does, and measures it for a while. Thread-safe. */
final class Meter {

  /** Longer latencies count as this. */
  private static final long MAX_LATENCY_MICROS = TimeUnit.SECONDS.toMicros(60);

  private final Recorder latencies = new Recorder(MAX_LATENCY_MICROS, 3);
  private final LongAdder operations = new LongAdder();
  private final LongAdder events = new LongAdder();
  private final LongAdder conflicts = new LongAdder();
  private final LongAdder errors = new LongAdder();

  /** An operation succeeded that began at that {@link System#nanoTime()}. */
  void succeeded(long begunNanos) {
    long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - begunNanos);
    latencies.recordValue(Math.min(micros, MAX_LATENCY_MICROS));
    operations.increment();
  }

  /** Events were written or arrived. */
  void events(long count) {
    events.add(count);
  }

  void conflict() {
    conflicts.increment();
  }

  void error() {
    errors.increment();
  }

  /** Lets the load run for a while, then measures it. */
  Measurement measure(Duration warmup, Duration measured) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(warmup.toNanos());
    Histogram histogram = latencies.getIntervalHistogram();
    final long operationsBefore = operations.sum();
    final long eventsBefore = events.sum();
    final long conflictsBefore = conflicts.sum();
    final long errorsBefore = errors.sum();
    final long begin = System.nanoTime();
    TimeUnit.NANOSECONDS.sleep(measured.toNanos());
    final double seconds = (System.nanoTime() - begin) / 1e9;
    final double operationsPerSecond = (operations.sum() - operationsBefore) / seconds;
    final double eventsPerSecond = (events.sum() - eventsBefore) / seconds;
    histogram = latencies.getIntervalHistogram(histogram);
    return new Measurement(
        operationsPerSecond,
        eventsPerSecond,
        histogram.getValueAtPercentile(50),
        histogram.getValueAtPercentile(99),
        histogram.getValueAtPercentile(99.9),
        histogram.getMaxValue(),
        errors.sum() - errorsBefore,
        conflicts.sum() - conflictsBefore);
  }
}
