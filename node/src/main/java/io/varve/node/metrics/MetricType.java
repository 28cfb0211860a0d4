package io.varve.node.metrics;

import java.util.Locale;

/** What kind of numbers a family has. */
public enum MetricType {
  /** Only grows while the process lives. */
  COUNTER,
  /** Goes up and down. */
  GAUGE,
  /** How many values fell into each bucket, and their sum. */
  HISTOGRAM;

  /** Its name in the exposition. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
