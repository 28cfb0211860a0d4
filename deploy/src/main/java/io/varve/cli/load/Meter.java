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
    took(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - begunNanos));
  }

  /** An operation succeeded that took so long; less than nothing, by another clock, is nothing. */
  void took(long micros) {
    latencies.recordValue(Math.max(0, Math.min(micros, MAX_LATENCY_MICROS)));
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
    Window window = begin();
    TimeUnit.NANOSECONDS.sleep(measured.toNanos());
    return window.end();
  }

  /** Begins to measure. One at a time. */
  Window begin() {
    return new Window();
  }

  /** What is counted from its begin to its end. */
  final class Window {
    private final Histogram before = latencies.getIntervalHistogram();
    private final long operationsBefore = operations.sum();
    private final long eventsBefore = events.sum();
    private final long conflictsBefore = conflicts.sum();
    private final long errorsBefore = errors.sum();
    private final long begun = System.nanoTime();

    private Window() {}

    /** To be called once. */
    Measurement end() {
      double seconds = (System.nanoTime() - begun) / 1e9;
      double operationsPerSecond = (operations.sum() - operationsBefore) / seconds;
      double eventsPerSecond = (events.sum() - eventsBefore) / seconds;
      Histogram histogram = latencies.getIntervalHistogram(before);
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
}
