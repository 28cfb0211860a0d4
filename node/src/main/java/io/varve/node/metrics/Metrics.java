package io.varve.node.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * The metrics of one node. Instruments are Dropwizard's, kept in a registry under their name and
 * labels as the exposition writes them; beside it stands what Dropwizard does not know: a family's
 * type, help and unit.
 *
 * <p>A family is declared with its first instrument, and shown even before it has any value. Asking
 * twice for the same counter or histogram gives the same one. Thread-safe.
 */
public final class Metrics {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(_[a-z0-9]+)*");

  /** What all members of a family share. */
  record Family(String name, MetricType type, String help, double unit) {}

  private final MetricRegistry registry = new MetricRegistry();
  private final Map<String, Family> families = new ConcurrentSkipListMap<>();

  /** No metrics yet. */
  public Metrics() {}

  /**
   * A counter. Updating it takes no lock and allocates nothing.
   *
   * @param name ends with {@code _total}
   * @param help one sentence, for people
   * @param labels keys and values by turns
   */
  public Counter counter(String name, String help, String... labels) {
    declare(name, MetricType.COUNTER, help, 1);
    return registry.counter(name + Labels.text(labels));
  }

  /** Declares a family before its first instrument, so that it is shown from the start. */
  public void declare(String name, MetricType type, String help) {
    declare(name, type, help, 1);
  }

  /** Declares a family of {@link #durations} before its first instrument. */
  public void declareDurations(String name, String help) {
    declare(name, MetricType.HISTOGRAM, help, Buckets.DURATIONS.unit());
  }

  /** A counter that something else keeps. */
  public void counted(String name, String help, LongSupplier value, String... labels) {
    declare(name, MetricType.COUNTER, help, 1);
    Gauge<Long> gauge = value::getAsLong;
    register(name + Labels.text(labels), gauge);
  }

  /** A value that goes up and down, read when it is asked for; must not block. */
  public void gauge(String name, String help, Supplier<? extends Number> value, String... labels) {
    declare(name, MetricType.GAUGE, help, 1);
    Gauge<Number> gauge = value::get;
    register(name + Labels.text(labels), gauge);
  }

  /** Values whose labels are only known when they are asked for; must not block. */
  public void samples(String name, MetricType type, String help, Supplier<Samples> values) {
    declare(name, type, help, 1);
    Gauge<Samples> gauge = values::get;
    register(name, gauge);
  }

  /** A histogram of durations, updated with nanoseconds; its name ends with {@code _seconds}. */
  public Histogram durations(String name, String help, String... labels) {
    return histogram(name, help, Buckets.DURATIONS, labels);
  }

  /** A histogram of how many there are of something. */
  public Histogram counts(String name, String help, String... labels) {
    return histogram(name, help, Buckets.COUNTS, labels);
  }

  /** A histogram of bytes; its name ends with {@code _bytes}. */
  public Histogram sizes(String name, String help, String... labels) {
    return histogram(name, help, Buckets.SIZES, labels);
  }

  private Histogram histogram(String name, String help, Buckets buckets, String... labels) {
    declare(name, MetricType.HISTOGRAM, help, buckets.unit());
    return registry.histogram(
        name + Labels.text(labels), () -> new BucketHistogram(new BucketReservoir(buckets)));
  }

  /** The Prometheus text exposition, format 0.0.4, of everything. */
  public String text() {
    return new Exposition(families.values(), registry.getMetrics()).text();
  }

  private void declare(String name, MetricType type, String help, double unit) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("not a metric's name: " + name);
    }
    if (name.endsWith("_total") != (type == MetricType.COUNTER)) {
      throw new IllegalArgumentException("counters, and only they, end with _total: " + name);
    }
    Family family = new Family(name, type, help, unit);
    Family known = families.putIfAbsent(name, family);
    if (known != null && !known.equals(family)) {
      throw new IllegalArgumentException(name + " is declared twice, differently");
    }
  }

  private void register(String name, Metric metric) {
    registry.register(name, metric);
  }

  /** A histogram whose buckets can be seen. */
  static final class BucketHistogram extends Histogram {
    private final BucketReservoir reservoir;

    BucketHistogram(BucketReservoir reservoir) {
      super(reservoir);
      this.reservoir = reservoir;
    }

    BucketReservoir reservoir() {
      return reservoir;
    }
  }
}
