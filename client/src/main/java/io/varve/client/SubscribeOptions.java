package io.varve.client;

import java.util.Objects;
import java.util.Optional;

/**
 * What to subscribe to, and from where. Make one with {@link #builder()}: without further ado it is
 * the whole log from its first event.
 *
 * @param source only events of this source; excludes {@code filter}
 * @param filter only events that match; excludes {@code source}
 * @param start where to start
 */
public record SubscribeOptions(Optional<String> source, Optional<Filter> filter, Start start) {

  public SubscribeOptions {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(filter, "filter");
    Objects.requireNonNull(start, "start");
    if (source.isPresent() && filter.isPresent()) {
      throw new IllegalArgumentException("name a source or a filter, not both");
    }
    if (start instanceof AfterVersion && source.isEmpty()) {
      throw new IllegalArgumentException("a version to start after needs a source");
    }
  }

  /** The whole log from its first event. */
  public static SubscribeOptions wholeLog() {
    return builder().build();
  }

  /** Starts with the whole log from its first event. */
  public static Builder builder() {
    return new Builder();
  }

  /** Where a subscription starts. */
  public sealed interface Start permits AfterPosition, AfterVersion, AfterHead {}

  /**
   * Events at positions greater than this.
   *
   * @param position the position; 0 = from the first event. One above the head is refused ({@link
   *     OutOfRangeException}): it comes from another history
   */
  public record AfterPosition(long position) implements Start {
    public AfterPosition {
      if (position < 0) {
        throw new IllegalArgumentException("a position is never negative: " + position);
      }
    }
  }

  /**
   * Events of the selected source with versions greater than this.
   *
   * @param version the version; 0 = from its first event
   */
  public record AfterVersion(long version) implements Start {
    public AfterVersion {
      if (version < 0) {
        throw new IllegalArgumentException("a version is never negative: " + version);
      }
    }
  }

  /** Only events that come after the head at the time of the call. */
  public enum AfterHead implements Start {
    /** The only one. */
    INSTANCE
  }

  /** Builds {@link SubscribeOptions}. Not thread-safe. */
  public static final class Builder {
    private Optional<String> source = Optional.empty();
    private Optional<Filter> filter = Optional.empty();
    private Start start = new AfterPosition(0);

    private Builder() {}

    /** Only events of this source. */
    public Builder source(String source) {
      this.source = Optional.of(source);
      return this;
    }

    /** Only events that match. */
    public Builder filter(Filter filter) {
      this.filter = Optional.of(filter);
      return this;
    }

    /** Events at positions greater than this. */
    public Builder afterPosition(long position) {
      this.start = new AfterPosition(position);
      return this;
    }

    /** Events of the selected source with versions greater than this. */
    public Builder afterVersion(long version) {
      this.start = new AfterVersion(version);
      return this;
    }

    /** Only events that come after the head at the time of the call. */
    public Builder afterHead() {
      this.start = AfterHead.INSTANCE;
      return this;
    }

    /**
     * The options.
     *
     * @throws IllegalArgumentException if two of them contradict each other
     */
    public SubscribeOptions build() {
      return new SubscribeOptions(source, filter, start);
    }
  }
}
