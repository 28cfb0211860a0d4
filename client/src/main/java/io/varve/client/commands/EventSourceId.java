package io.varve.client.commands;

import java.util.Objects;
import java.util.UUID;

/**
 * Identifies an event source: an opaque string. Applications may have subtypes of their own, best a
 * record with that one component:
 *
 * <pre>{@code
 * record AccountId(String value) implements EventSourceId {}
 * }</pre>
 *
 * <p>In events it is written as a plain JSON string. A subtype is read back by its constructor, or
 * its static method {@code of}, that takes one {@link String}.
 */
public interface EventSourceId {

  /** The source's name, 1 to 512 bytes of UTF-8. */
  String value();

  /**
   * The id with this value.
   *
   * @throws IllegalArgumentException if the value is empty
   */
  static EventSourceId of(String value) {
    return new PlainEventSourceId(value);
  }

  /** A new, random id: a UUID. */
  static EventSourceId random() {
    return of(UUID.randomUUID().toString());
  }

  /** An id without a subtype of its own. */
  record PlainEventSourceId(String value) implements EventSourceId {
    /** Checks that the value is not empty. */
    public PlainEventSourceId {
      Objects.requireNonNull(value, "value");
      if (value.isEmpty()) {
        throw new IllegalArgumentException("an event source id is not empty");
      }
    }

    @Override
    public String toString() {
      return value;
    }
  }
}
