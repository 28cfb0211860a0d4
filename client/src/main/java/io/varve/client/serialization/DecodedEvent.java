package io.varve.client.serialization;

import io.varve.client.Event;
import java.util.Objects;
import java.util.Optional;

/** An event that was read: as an object, or raw if this program does not know it. */
public sealed interface DecodedEvent {

  /** The event as the log holds it. */
  Event event();

  /** The object, if the event is known and of this class. */
  default <T> Optional<T> as(Class<T> type) {
    return this instanceof Known known && type.isInstance(known.value())
        ? Optional.of(type.cast(known.value()))
        : Optional.empty();
  }

  /**
   * An event of a registered type.
   *
   * @param event the event as the log holds it
   * @param value the object, of the newest registered generation
   */
  record Known(Event event, Object value) implements DecodedEvent {
    public Known {
      Objects.requireNonNull(event, "event");
      Objects.requireNonNull(value, "value");
    }
  }

  /**
   * An event that this program has no class for. Nothing of it is lost: it is here raw.
   *
   * @param event the event as the log holds it
   * @param reason why there is no object
   */
  record Unknown(Event event, Reason reason) implements DecodedEvent {
    public Unknown {
      Objects.requireNonNull(event, "event");
      Objects.requireNonNull(reason, "reason");
    }
  }

  /** Why an event is delivered raw. */
  enum Reason {
    /** No class is registered for its event type. */
    TYPE_NOT_REGISTERED,
    /**
     * Its event type is registered, its generation is not: it is newer than this program, or older
     * than every upcaster.
     */
    GENERATION_NOT_REGISTERED,
    /** No serializer reads its content type. */
    CONTENT_TYPE_NOT_READ,
    /** It removes its key, and has no payload. */
    TOMBSTONE
  }
}
