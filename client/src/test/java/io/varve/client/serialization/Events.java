package io.varve.client.serialization;

import io.varve.client.Event;
import io.varve.client.NewEvent;
import java.time.Instant;

/** Events as if they had been read. */
final class Events {

  private Events() {}

  /** What reading gives once this was appended. */
  static Event recorded(NewEvent event) {
    return new Event(
        7,
        event.source(),
        3,
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
        Instant.EPOCH,
        event.id(),
        "",
        "",
        0);
  }
}
