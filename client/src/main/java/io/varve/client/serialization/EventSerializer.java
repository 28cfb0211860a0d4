package io.varve.client.serialization;

import io.varve.client.Bytes;

/**
 * Turns an event object into a payload and back. {@link JsonEventSerializer} is the default; an
 * application may have its own. Implementations are thread-safe.
 */
public interface EventSerializer {

  /**
   * The media type of the payloads, such as {@code application/json}. It is stored with each event
   * and chooses the serializer when reading.
   */
  String contentType();

  /**
   * The payload of an event object. What it throws reaches the caller as the cause of an {@link
   * EventSerializationException}.
   */
  Bytes serialize(Object event) throws Exception;

  /**
   * The event object of a payload. What it throws reaches the caller as the cause of an {@link
   * EventSerializationException}.
   *
   * @param type the class the event type and generation are registered with
   */
  <T> T deserialize(Bytes data, Class<T> type) throws Exception;
}
