package io.varve.client.commands;

import java.util.Objects;

/**
 * An event for an event source of its own, whatever the command's is.
 *
 * @param eventSourceId the event source
 * @param event the event
 */
public record EventForEventSourceId(EventSourceId eventSourceId, Object event) {
  public EventForEventSourceId {
    Objects.requireNonNull(eventSourceId, "eventSourceId");
    Objects.requireNonNull(event, "event");
  }

  /** An event for an event source. */
  public static EventForEventSourceId of(EventSourceId eventSourceId, Object event) {
    return new EventForEventSourceId(eventSourceId, event);
  }
}
