package io.varve.statemachine;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import java.util.List;
import java.util.Optional;

/**
 * An event as the log holds it. Labels that were not set are empty strings.
 *
 * @param position its place in the log, from 1
 * @param source the event source
 * @param version the source's version with this event, from 1
 * @param type the event type
 * @param sourceType the source type label
 * @param streamType the stream type label
 * @param streamId the stream id label
 * @param tags tags, in the order handed in
 * @param key the key; the unit of last write wins
 * @param tombstone whether it removes its key
 * @param data the payload
 * @param contentType the payload's media type
 * @param metadata the application's metadata
 * @param occurred when it happened, by the caller's clock
 * @param recordedMicros when the log recorded it, microseconds since 1970-01-01T00:00:00Z
 * @param id the application's own event id
 * @param clientId who wrote a local-first event: the client
 * @param bufferId who wrote a local-first event: that client's buffer
 * @param clientSequence its number in that buffer, from 1; 0 = not local-first
 */
public record StoredEvent(
    long position,
    String source,
    long version,
    String type,
    String sourceType,
    String streamType,
    String streamId,
    List<String> tags,
    String key,
    boolean tombstone,
    ByteString data,
    String contentType,
    ByteString metadata,
    Optional<Timestamp> occurred,
    long recordedMicros,
    String id,
    String clientId,
    String bufferId,
    long clientSequence) {
  public StoredEvent {
    tags = List.copyOf(tags);
  }
}
