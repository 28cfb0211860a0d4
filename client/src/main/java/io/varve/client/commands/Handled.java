package io.varve.client.commands;

import java.util.List;
import java.util.Objects;

/**
 * What {@code handle()} returns to decide the event source together with the events.
 *
 * @param eventSourceId the event source of these events
 * @param events anything that {@code handle()} may return
 */
public record Handled(EventSourceId eventSourceId, List<Object> events) {
  public Handled {
    Objects.requireNonNull(eventSourceId, "eventSourceId");
    events = List.copyOf(events);
  }

  /** Events for an event source. */
  public static Handled of(EventSourceId eventSourceId, Object... events) {
    return new Handled(eventSourceId, List.of(events));
  }
}
