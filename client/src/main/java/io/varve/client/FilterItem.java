package io.varve.client;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * One alternative of a {@link Filter}: every label named here must match. At least one must be
 * named; labels not named are empty.
 *
 * @param source the event source
 * @param sourceType the source type
 * @param streamType the stream type
 * @param streamId the stream id
 * @param types the event type is any of these; at most 64
 * @param tags the event carries all of these; at most 32
 */
public record FilterItem(
    String source,
    String sourceType,
    String streamType,
    String streamId,
    List<String> types,
    List<String> tags) {

  public FilterItem {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(sourceType, "sourceType");
    Objects.requireNonNull(streamType, "streamType");
    Objects.requireNonNull(streamId, "streamId");
    types = List.copyOf(types);
    tags = List.copyOf(tags);
  }

  /** Starts an item that names no label yet. */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link FilterItem}. Not thread-safe. */
  public static final class Builder {
    private String source = "";
    private String sourceType = "";
    private String streamType = "";
    private String streamId = "";
    private final List<String> types = new ArrayList<>();
    private final List<String> tags = new ArrayList<>();

    private Builder() {}

    /** The event is about this source. */
    public Builder source(String source) {
      this.source = Objects.requireNonNull(source, "source");
      return this;
    }

    /** The event carries this source type. */
    public Builder sourceType(String sourceType) {
      this.sourceType = Objects.requireNonNull(sourceType, "sourceType");
      return this;
    }

    /** The event carries this stream type. */
    public Builder streamType(String streamType) {
      this.streamType = Objects.requireNonNull(streamType, "streamType");
      return this;
    }

    /** The event carries this stream id. */
    public Builder streamId(String streamId) {
      this.streamId = Objects.requireNonNull(streamId, "streamId");
      return this;
    }

    /** Adds event types, any of which will do. */
    public Builder types(String... types) {
      return types(List.of(types));
    }

    /** Adds event types, any of which will do. */
    public Builder types(Collection<String> types) {
      this.types.addAll(types);
      return this;
    }

    /** Adds tags, all of which the event must carry. */
    public Builder tags(String... tags) {
      return tags(List.of(tags));
    }

    /** Adds tags, all of which the event must carry. */
    public Builder tags(Collection<String> tags) {
      this.tags.addAll(tags);
      return this;
    }

    /** The item. */
    public FilterItem build() {
      return new FilterItem(source, sourceType, streamType, streamId, types, tags);
    }
  }
}
