package io.varve.client;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * An event to append. Make one with {@link #builder(String, String)}; labels that are not set are
 * empty strings.
 *
 * <p>Limits are the log's, not this class's: the server refuses what is over one, naming the field,
 * the limit and the value ({@link InvalidArgumentException}).
 *
 * @param source the event source: what the event is about; 1 to 512 bytes of UTF-8
 * @param type the event type, such as {@code PaymentProcessed}; 1 to 512 bytes
 * @param sourceType the source type label, such as {@code Customer}
 * @param streamType the stream type label, such as {@code Transactions}
 * @param streamId the stream id label, such as {@code 2026-11}
 * @param tags tags, such as {@code order:42}; at most 32, none twice
 * @param key which entity within the source the event overwrites; the unit of last write wins
 * @param tombstone whether the event removes its key from the latest state; needs a key
 * @param data the payload, opaque to Varve; at most 1 MiB
 * @param contentType the payload's media type
 * @param metadata the application's own metadata, by convention a JSON object; at most 16 KiB
 * @param occurred when it happened, by the caller's clock; orders nothing
 * @param id the application's own event id; not interpreted
 */
public record NewEvent(
    String source,
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
    String id) {

  public NewEvent {
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
    Objects.requireNonNull(id, "id");
  }

  /** Starts an event of the given source and event type. */
  public static Builder builder(String source, String type) {
    return new Builder(source, type);
  }

  /** Builds a {@link NewEvent}. Not thread-safe; may be reused for further events. */
  public static final class Builder {
    private String source;
    private String type;
    private String sourceType = "";
    private String streamType = "";
    private String streamId = "";
    private final List<String> tags = new ArrayList<>();
    private String key = "";
    private boolean tombstone;
    private Bytes data = Bytes.empty();
    private String contentType = "";
    private Bytes metadata = Bytes.empty();
    private Optional<Instant> occurred = Optional.empty();
    private String id = "";

    private Builder(String source, String type) {
      this.source = Objects.requireNonNull(source, "source");
      this.type = Objects.requireNonNull(type, "type");
    }

    /** What the event is about. */
    public Builder source(String source) {
      this.source = Objects.requireNonNull(source, "source");
      return this;
    }

    /** The event type. */
    public Builder type(String type) {
      this.type = Objects.requireNonNull(type, "type");
      return this;
    }

    /** The source type label. */
    public Builder sourceType(String sourceType) {
      this.sourceType = Objects.requireNonNull(sourceType, "sourceType");
      return this;
    }

    /** The stream type label. */
    public Builder streamType(String streamType) {
      this.streamType = Objects.requireNonNull(streamType, "streamType");
      return this;
    }

    /** The stream id label. */
    public Builder streamId(String streamId) {
      this.streamId = Objects.requireNonNull(streamId, "streamId");
      return this;
    }

    /** Adds tags. */
    public Builder tags(String... tags) {
      return tags(List.of(tags));
    }

    /** Adds tags. */
    public Builder tags(Collection<String> tags) {
      this.tags.addAll(tags);
      return this;
    }

    /** Adds a tag. */
    public Builder tag(String tag) {
      tags.add(Objects.requireNonNull(tag, "tag"));
      return this;
    }

    /** Which entity within the source the event overwrites. */
    public Builder key(String key) {
      this.key = Objects.requireNonNull(key, "key");
      return this;
    }

    /** Makes the event remove its key from the latest state. */
    public Builder tombstone(boolean tombstone) {
      this.tombstone = tombstone;
      return this;
    }

    /** The payload. */
    public Builder data(Bytes data) {
      this.data = Objects.requireNonNull(data, "data");
      return this;
    }

    /** The payload; copied. */
    public Builder data(byte[] data) {
      return data(Bytes.copyOf(data));
    }

    /** The payload as text, such as JSON; encoded as UTF-8. */
    public Builder data(String text) {
      return data(Bytes.utf8(text));
    }

    /** The payload's media type. */
    public Builder contentType(String contentType) {
      this.contentType = Objects.requireNonNull(contentType, "contentType");
      return this;
    }

    /** The application's own metadata. */
    public Builder metadata(Bytes metadata) {
      this.metadata = Objects.requireNonNull(metadata, "metadata");
      return this;
    }

    /** The application's own metadata as text, such as JSON; encoded as UTF-8. */
    public Builder metadata(String text) {
      return metadata(Bytes.utf8(text));
    }

    /** When it happened, by the caller's clock. */
    public Builder occurred(Instant occurred) {
      this.occurred = Optional.of(occurred);
      return this;
    }

    /** The application's own event id. */
    public Builder id(String id) {
      this.id = Objects.requireNonNull(id, "id");
      return this;
    }

    /** The event. */
    public NewEvent build() {
      return new NewEvent(
          source,
          type,
          sourceType,
          streamType,
          streamId,
          tags,
          key,
          tombstone,
          data,
          contentType,
          metadata,
          occurred,
          id);
    }
  }
}
