package io.varve.gateway.http;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.Meter;
import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Snapshot;
import com.codahale.metrics.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A registry as Prometheus text, format 0.0.4. Names get the prefix {@code varve_gateway_} unless
 * they have it, and labels where they end as {@code {route="push"}} does; characters that
 * Prometheus does not take in names become {@code _}.
 */
final class MetricsText {

  static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private static final String PREFIX = "varve_gateway_";
  private static final double NANOS = TimeUnit.SECONDS.toNanos(1);

  private MetricsText() {}

  /** The text. */
  static String of(MetricRegistry registry) {
    Map<String, List<Series>> families = new TreeMap<>();
    registry
        .getMetrics()
        .forEach(
            (name, metric) -> {
              int brace = name.endsWith("}") ? name.indexOf('{') : -1;
              String base = brace < 0 ? name : name.substring(0, brace);
              String labels = brace < 0 ? "" : name.substring(brace + 1, name.length() - 1);
              String legal = base.replaceAll("[^A-Za-z0-9_:]", "_");
              families
                  .computeIfAbsent(
                      legal.startsWith(PREFIX) ? legal : PREFIX + legal, key -> new ArrayList<>())
                  .add(new Series(labels, metric));
            });
    StringBuilder text = new StringBuilder();
    families.forEach(
        (name, series) -> {
          String type = type(name, series.get(0).metric());
          if (type.isEmpty()) {
            return;
          }
          text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
          series.forEach(one -> write(text, name, one));
        });
    return text.toString();
  }

  private static String type(String name, Metric metric) {
    if (metric instanceof Timer || metric instanceof Histogram) {
      return "summary";
    }
    if (metric instanceof Meter) {
      return "counter";
    }
    if (metric instanceof Counter) {
      return name.endsWith("_total") ? "counter" : "gauge";
    }
    return metric instanceof Gauge<?> gauge && gauge.getValue() instanceof Number ? "gauge" : "";
  }

  private static void write(StringBuilder text, String name, Series series) {
    Metric metric = series.metric();
    if (metric instanceof Timer timer) {
      summary(text, name, series.labels(), timer.getSnapshot(), NANOS, timer.getCount());
    } else if (metric instanceof Histogram histogram) {
      summary(text, name, series.labels(), histogram.getSnapshot(), 1, histogram.getCount());
    } else if (metric instanceof Meter meter) {
      line(text, name, series.labels(), Long.toString(meter.getCount()));
    } else if (metric instanceof Counter counter) {
      line(text, name, series.labels(), Long.toString(counter.getCount()));
    } else if (metric instanceof Gauge<?> gauge && gauge.getValue() instanceof Number number) {
      line(text, name, series.labels(), number.toString());
    }
  }

  private static void summary(
      StringBuilder text, String name, String labels, Snapshot snapshot, double unit, long count) {
    String more = labels.isEmpty() ? "" : labels + ",";
    for (double quantile : new double[] {0.5, 0.99, 0.999}) {
      line(
          text,
          name,
          more + "quantile=\"" + quantile + "\"",
          Double.toString(snapshot.getValue(quantile) / unit));
    }
    line(text, name + "_count", labels, Long.toString(count));
  }

  private static void line(StringBuilder text, String name, String labels, String value) {
    text.append(name);
    if (!labels.isEmpty()) {
      text.append('{').append(labels).append('}');
    }
    text.append(' ').append(value).append('\n');
  }

  private record Series(String labels, Metric metric) {}
}
