package io.varve.gateway.http;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The samples of a Prometheus text (format 0.0.4). Lines that are none are read over, as the format
 * asks of readers. Immutable.
 */
final class PrometheusSamples {
  private static final Pattern LINE =
      Pattern.compile("([A-Za-z_:][A-Za-z0-9_:]*)(?:\\{(.*)\\})?\\s+(\\S+)(?:\\s+-?\\d+)?");
  private static final Pattern LABEL =
      Pattern.compile("([A-Za-z_][A-Za-z0-9_]*)=\"((?:[^\"\\\\]|\\\\.)*)\"");

  /** A node has some hundred. */
  private static final int MAX_SAMPLES = 20_000;

  private final Map<String, List<Sample>> byName;

  private PrometheusSamples(Map<String, List<Sample>> byName) {
    this.byName = byName;
  }

  /** Reads a text; samples beyond 20,000 are left out. */
  static PrometheusSamples parse(String text) {
    Map<String, List<Sample>> byName = new HashMap<>();
    text.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .limit(MAX_SAMPLES)
        .forEach(
            line -> {
              Matcher match = LINE.matcher(line);
              if (match.matches()) {
                byName
                    .computeIfAbsent(match.group(1), name -> new ArrayList<>())
                    .add(new Sample(labels(match.group(2)), number(match.group(3))));
              }
            });
    return new PrometheusSamples(byName);
  }

  /** The sum of a metric's samples, whatever their labels; empty if there is none. */
  OptionalDouble sum(String name) {
    List<Sample> samples = samples(name);
    return samples.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(samples.stream().mapToDouble(Sample::value).sum());
  }

  /** A metric's values by one of its labels, summed over the others. */
  Map<String, Double> by(String name, String label) {
    Map<String, Double> values = new TreeMap<>();
    for (Sample sample : samples(name)) {
      values.merge(sample.labels().getOrDefault(label, ""), sample.value(), Double::sum);
    }
    return values;
  }

  /** The samples of a metric. */
  List<Sample> samples(String name) {
    return List.copyOf(byName.getOrDefault(name, List.of()));
  }

  /**
   * A quantile of a histogram, of what was observed since earlier samples, interpolated within its
   * bucket as Prometheus' {@code histogram_quantile} does; empty if nothing was observed.
   */
  OptionalDouble quantile(double quantile, String name, PrometheusSamples earlier) {
    NavigableMap<Double, Double> buckets = buckets(name);
    earlier.buckets(name).forEach((bound, count) -> buckets.merge(bound, -count, Double::sum));
    double total = buckets.isEmpty() ? 0 : buckets.lastEntry().getValue();
    if (total <= 0) {
      return OptionalDouble.empty();
    }
    double rank = quantile * total;
    double below = 0;
    double lower = 0;
    for (Map.Entry<Double, Double> bucket : buckets.entrySet()) {
      if (bucket.getValue() >= rank) {
        if (bucket.getKey().isInfinite()) {
          return OptionalDouble.of(lower);
        }
        double within = bucket.getValue() - below;
        return OptionalDouble.of(
            within <= 0
                ? bucket.getKey()
                : lower + (bucket.getKey() - lower) * (rank - below) / within);
      }
      below = bucket.getValue();
      lower = bucket.getKey();
    }
    return OptionalDouble.of(lower);
  }

  private NavigableMap<Double, Double> buckets(String name) {
    TreeMap<Double, Double> buckets = new TreeMap<>();
    for (Sample sample : samples(name + "_bucket")) {
      buckets.merge(number(sample.labels().getOrDefault("le", "NaN")), sample.value(), Double::sum);
    }
    return buckets;
  }

  private static Map<String, String> labels(@Nullable String text) {
    Map<String, String> labels = new HashMap<>();
    if (text != null) {
      Matcher label = LABEL.matcher(text);
      while (label.find()) {
        labels.put(
            label.group(1),
            label.group(2).replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\"));
      }
    }
    return labels;
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> {
        try {
          yield Double.parseDouble(text);
        } catch (NumberFormatException e) {
          yield Double.NaN;
        }
      }
    };
  }

  /**
   * One sample.
   *
   * @param labels its labels
   * @param value its value
   */
  record Sample(Map<String, String> labels, double value) {
    Sample {
      labels = Map.copyOf(labels);
    }
  }
}
