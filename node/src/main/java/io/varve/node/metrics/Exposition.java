package io.varve.node.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Metric;
import io.varve.node.metrics.Metrics.BucketHistogram;
import io.varve.node.metrics.Metrics.Family;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes metrics as Prometheus reads them. Of our own: the bridges there are for Dropwizard know no
 * labels but those they cut out of dotted names, and no help, and turn histograms into quantiles,
 * which cannot be summed over nodes.
 */
final class Exposition {

  private static final Logger LOG = LoggerFactory.getLogger(Exposition.class);

  private final Collection<Family> families;

  /** Metrics by family, then by their labels. */
  private final Map<String, Map<String, Metric>> members = new TreeMap<>();

  private final StringBuilder out = new StringBuilder(32 << 10);

  Exposition(Collection<Family> families, Map<String, Metric> metrics) {
    this.families = families;
    metrics.forEach(
        (name, metric) -> {
          int brace = name.indexOf('{');
          String family = brace < 0 ? name : name.substring(0, brace);
          String labels = brace < 0 ? "" : name.substring(brace);
          members.computeIfAbsent(family, first -> new TreeMap<>()).put(labels, metric);
        });
  }

  String text() {
    for (Family family : families) {
      out.append("# HELP ").append(family.name()).append(' ').append(escaped(family.help()));
      out.append("\n# TYPE ").append(family.name()).append(' ').append(family.type().text());
      out.append('\n');
      members
          .getOrDefault(family.name(), Map.of())
          .forEach((labels, metric) -> write(family, labels, metric));
    }
    return out.toString();
  }

  private void write(Family family, String labels, Metric metric) {
    if (metric instanceof Counter counter) {
      line(family.name(), labels, counter.getCount());
    } else if (metric instanceof BucketHistogram histogram) {
      write(family, labels, histogram.reservoir().snapshot(), histogram.reservoir());
    } else if (metric instanceof Gauge<?> gauge) {
      write(family, labels, gauge);
    }
  }

  /** One that cannot be read is left out; the others are still of use. */
  private void write(Family family, String labels, Gauge<?> gauge) {
    Object value;
    try {
      value = gauge.getValue();
    } catch (RuntimeException e) {
      LOG.debug("Cannot read {}{}", family.name(), labels, e);
      return;
    }
    if (value instanceof Samples samples) {
      samples.values().forEach((its, number) -> line(family.name(), its, number));
    } else if (value instanceof Number number) {
      line(family.name(), labels, number);
    }
  }

  private void write(
      Family family, String labels, BucketSnapshot snapshot, BucketReservoir reservoir) {
    Buckets buckets = reservoir.buckets();
    long upTo = 0;
    for (int i = 0; i < buckets.size() - 1; i++) {
      upTo += snapshot.count(i);
      String bound = number(buckets.bound(i) / family.unit());
      line(family.name() + "_bucket", with(labels, bound), upTo);
    }
    line(family.name() + "_bucket", with(labels, "+Inf"), snapshot.total());
    line(family.name() + "_sum", labels, snapshot.sum() / family.unit());
    line(family.name() + "_count", labels, snapshot.total());
  }

  private static String with(String labels, String le) {
    String bound = "le=\"" + le + "\"}";
    return labels.isEmpty() ? "{" + bound : labels.substring(0, labels.length() - 1) + "," + bound;
  }

  private void line(String name, String labels, Number value) {
    out.append(name).append(labels).append(' ').append(number(value)).append('\n');
  }

  private static String number(Number value) {
    if (value instanceof Long || value instanceof Integer) {
      return value.toString();
    }
    double number = value.doubleValue();
    if (number == Double.POSITIVE_INFINITY) {
      return "+Inf";
    }
    if (number == Double.NEGATIVE_INFINITY) {
      return "-Inf";
    }
    if (number == Math.rint(number) && Math.abs(number) < 1e15) {
      return Long.toString((long) number);
    }
    return Double.toString(number);
  }

  private static String escaped(String help) {
    return help.replace("\\", "\\\\").replace("\n", "\\n");
  }
}
