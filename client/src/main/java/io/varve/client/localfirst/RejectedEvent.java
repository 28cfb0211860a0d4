package io.varve.client.localfirst;

import io.varve.client.NewEvent;
import java.util.Objects;

/**
 * An event that the log refuses for good: too large, invalid, or not granted. It stays visible, and
 * what was appended after it waits, until it is {@linkplain LocalBuffer#discard discarded} or
 * {@linkplain LocalBuffer#retry tried again}.
 *
 * @param clientSequence its number in the buffer
 * @param event the event
 * @param problem why it is refused
 */
public record RejectedEvent(long clientSequence, NewEvent event, LocalProblem problem) {
  public RejectedEvent {
    Objects.requireNonNull(event, "event");
    Objects.requireNonNull(problem, "problem");
  }
}
