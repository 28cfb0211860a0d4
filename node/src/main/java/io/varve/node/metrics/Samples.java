package io.varve.node.metrics;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Values of a family whose labels are only known when it is read, such as one per peer. Not
 * thread-safe.
 */
public final class Samples {

  private final Map<String, Number> values = new LinkedHashMap<>();

  /** None yet. */
  public Samples() {}

  /**
   * Adds a value.
   *
   * @param labels keys and values by turns
   */
  public Samples add(Number value, String... labels) {
    values.put(Labels.text(labels), value);
    return this;
  }

  Map<String, Number> values() {
    return values;
  }
}
