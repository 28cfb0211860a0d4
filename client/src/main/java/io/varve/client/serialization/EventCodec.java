package io.varve.client.serialization;

import io.varve.client.Bytes;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Makes events of objects and objects of events. Immutable and thread-safe.
 *
 * <p>The object's class gives the event type ({@link EventTypes}), a serializer the payload and its
 * content type. The generation stands in the event's metadata, a JSON object, as the number {@code
 * eventGeneration}; where there is none the generation is 1, so events of other writers need not
 * know of it. The event type's name is the same for all generations: filters and scopes by event
 * type are not affected by a new one.
 */
public final class EventCodec {

  private final EventTypes types;
  private final List<EventSerializer> serializers;

  private EventCodec(EventTypes types, List<EventSerializer> serializers) {
    this.types = Objects.requireNonNull(types, "types");
    this.serializers = List.copyOf(serializers);
  }

  /** Reads and writes these event types as JSON. */
  public static EventCodec json(EventTypes types) {
    return of(types, JsonEventSerializer.standard());
  }

  /**
   * Reads and writes these event types by a serializer of the caller's.
   *
   * @param writer writes events, and reads those of its content type or of none
   * @param readers read events of other content types, for what an earlier version of the program
   *     has written
   * @throws IllegalArgumentException if two serializers have the same content type
   */
  public static EventCodec of(
      EventTypes types, EventSerializer writer, EventSerializer... readers) {
    List<EventSerializer> all = new ArrayList<>();
    all.add(writer);
    for (EventSerializer reader : readers) {
      if (all.stream().anyMatch(other -> sameMediaType(other, reader.contentType()))) {
        throw new IllegalArgumentException(
            "two serializers have the content type " + reader.contentType());
      }
      all.add(reader);
    }
    return new EventCodec(types, all);
  }

  /** The event types it knows. */
  public EventTypes types() {
    return types;
  }

  /**
   * An event with type, payload, content type and metadata set.
   *
   * @throws IllegalArgumentException if the object's class is no event type
   * @throws EventSerializationException if the object cannot be written
   */
  public NewEvent.Builder encode(String source, Object value) {
    return encode(source, value, Map.of());
  }

  /**
   * An event with type, payload, content type and metadata set.
   *
   * @param metadata the application's own metadata, such as a correlation id; becomes a JSON object
   * @throws IllegalArgumentException if the object's class is no event type, or the metadata has
   *     the entry {@code eventGeneration}
   * @throws EventSerializationException if the object cannot be written
   */
  public NewEvent.Builder encode(String source, Object value, Map<String, String> metadata) {
    EventTypeId id = types.idOf(value.getClass());
    EventSerializer writer = serializers.get(0);
    Bytes data;
    try {
      data = writer.serialize(value);
    } catch (Exception e) {
      throw new EventSerializationException(
          "a " + value.getClass().getName() + " cannot be written: " + e.getMessage(), e);
    }
    return NewEvent.builder(source, id.name())
        .contentType(writer.contentType())
        .data(data)
        .metadata(GenerationMetadata.write(id.generation(), metadata));
  }

  /**
   * The event as an object of its type's newest registered generation, or raw.
   *
   * @throws EventSerializationException if the event's type is registered and its payload or its
   *     generation cannot be read
   */
  public DecodedEvent decode(Event event) {
    if (!types.knows(event.type())) {
      return new DecodedEvent.Unknown(event, DecodedEvent.Reason.TYPE_NOT_REGISTERED);
    }
    if (event.tombstone() && event.data().isEmpty()) {
      return new DecodedEvent.Unknown(event, DecodedEvent.Reason.TOMBSTONE);
    }
    Optional<EventSerializer> reader = reader(event.contentType());
    if (reader.isEmpty()) {
      return new DecodedEvent.Unknown(event, DecodedEvent.Reason.CONTENT_TYPE_NOT_READ);
    }
    try {
      EventTypeId id = new EventTypeId(event.type(), GenerationMetadata.read(event.metadata()));
      Optional<Class<?>> type = types.classOf(id);
      if (type.isEmpty()) {
        return new DecodedEvent.Unknown(event, DecodedEvent.Reason.GENERATION_NOT_REGISTERED);
      }
      Object value = reader.get().deserialize(event.data(), type.get());
      if (value == null) {
        throw new IllegalArgumentException("the payload is null");
      }
      return new DecodedEvent.Known(event, types.upcast(id, value));
    } catch (Exception e) {
      throw new EventSerializationException(
          "the "
              + event.type()
              + " at position "
              + event.position()
              + " (source '"
              + event.source()
              + "', version "
              + event.version()
              + ") cannot be read: "
              + e.getMessage(),
          e);
    }
  }

  private Optional<EventSerializer> reader(String contentType) {
    if (contentType.isEmpty()) {
      return Optional.of(serializers.get(0));
    }
    for (EventSerializer serializer : serializers) {
      if (sameMediaType(serializer, contentType)) {
        return Optional.of(serializer);
      }
    }
    return Optional.empty();
  }

  /** Media types are compared without parameters, whatever the case. */
  private static boolean sameMediaType(EventSerializer serializer, String contentType) {
    String own = serializer.contentType();
    return own.equals(contentType) || mediaType(own).equalsIgnoreCase(mediaType(contentType));
  }

  private static String mediaType(String contentType) {
    int parameters = contentType.indexOf(';');
    return (parameters < 0 ? contentType : contentType.substring(0, parameters)).strip();
  }
}
