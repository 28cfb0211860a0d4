package io.varve.client.serialization;

import java.util.Objects;

/**
 * An event type and one of its generations.
 *
 * @param name the event type: the label that filters and scopes name, the same for all generations
 * @param generation which generation of its payload; 1 or more
 */
public record EventTypeId(String name, int generation) {
  public EventTypeId {
    Objects.requireNonNull(name, "name");
    if (name.isEmpty()) {
      throw new IllegalArgumentException("an event type is not empty");
    }
    if (generation < 1) {
      throw new IllegalArgumentException(
          "event type '" + name + "': a generation is at least 1: " + generation);
    }
  }

  @Override
  public String toString() {
    return "event type '" + name + "' generation " + generation;
  }
}
