package io.varve.client;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * An event as the log holds it. Labels that were not set are empty strings.
 *
 * @param position its place in the log: 1, 2, 3 … 2^63−1, without gaps
 * @param source the event source: what the event is about
 * @param version the source's version with this event; a source's first event has version 1
 * @param type the event type
 * @param sourceType the source type label
 * @param streamType the stream type label
 * @param streamId the stream id label
 * @param tags tags, in the order they were handed in
 * @param key the entity within the source that it overwrites; the unit of last write wins
 * @param tombstone whether it removes its key from the latest state
 * @param data the payload
 * @param contentType the payload's media type, as handed in
 * @param metadata the application's own metadata
 * @param occurred when it happened, by the appending caller's clock; orders nothing
 * @param recorded when the log recorded it; never runs backwards along the log; microseconds
 * @param id the application's own event id
 * @param clientId who wrote a local-first event: the client
 * @param bufferId who wrote a local-first event: that client's buffer
 * @param clientSequence who wrote a local-first event: its number in that buffer, from 1; 0 = not
 *     local-first
 */
public record Event(
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
    Bytes data,
    String contentType,
    Bytes metadata,
    Optional<Instant> occurred,
    Instant recorded,
    String id,
    String clientId,
    String bufferId,
    long clientSequence)
    implements SubscriptionItem {

  public Event {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(sourceType, "sourceType");
    Objects.requireNonNull(streamType, "streamType");
    Objects.requireNonNull(streamId, "streamId");
    tags = List.copyOf(tags);
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(data, "data");
    Objects.requireNonNull(contentType, "contentType");
    Objects.requireNonNull(metadata, "metadata");
    Objects.requireNonNull(occurred, "occurred");
    Objects.requireNonNull(recorded, "recorded");
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(clientId, "clientId");
    Objects.requireNonNull(bufferId, "bufferId");
  }
}
