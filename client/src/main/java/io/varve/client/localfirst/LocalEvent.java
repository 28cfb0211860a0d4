package io.varve.client.localfirst;

import io.varve.client.Bytes;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import java.util.Objects;
import java.util.Optional;

/**
 * An event as a {@link LocalSource} shows it: one of the log's, or one of this buffer's own that
 * has not come back from the log yet.
 *
 * @param event what was appended
 * @param recorded the same event as the log recorded it, with its position; empty while it is this
 *     buffer's own and has not been pulled
 * @param clientId the client that wrote it; empty if no local-first client did
 * @param bufferId that client's buffer; empty if no local-first client did
 * @param clientSequence its number in that buffer, from 1; 0 if no local-first client wrote it
 */
public record LocalEvent(
    NewEvent event,
    Optional<Event> recorded,
    String clientId,
    String bufferId,
    long clientSequence) {

  public LocalEvent {
    Objects.requireNonNull(event, "event");
    Objects.requireNonNull(recorded, "recorded");
    Objects.requireNonNull(clientId, "clientId");
    Objects.requireNonNull(bufferId, "bufferId");
  }

  static LocalEvent of(Event event) {
    NewEvent said =
        new NewEvent(
            event.source(),
            event.type(),
            event.sourceType(),
            event.streamType(),
            event.streamId(),
            event.tags(),
            event.key(),
            event.tombstone(),
            event.data(),
            event.contentType(),
            event.metadata(),
            event.occurred(),
            event.id());
    return new LocalEvent(
        said, Optional.of(event), event.clientId(), event.bufferId(), event.clientSequence());
  }

  /** Whether it is this buffer's own and has not come back from the log yet. */
  public boolean pending() {
    return recorded.isEmpty();
  }

  /** The event type. */
  public String type() {
    return event.type();
  }

  /** The entity within the source that it overwrites; empty if none. */
  public String key() {
    return event.key();
  }

  /** Whether it removes its key. */
  public boolean tombstone() {
    return event.tombstone();
  }

  /** The payload. */
  public Bytes data() {
    return event.data();
  }
}
