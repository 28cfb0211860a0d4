package io.varve.client;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What to read. Make one with {@link #builder()}: without further ado it is the whole log, oldest
 * first.
 *
 * @param source only events of this source; excludes {@code filter}
 * @param filter only events that match; excludes {@code source}
 * @param fromPosition where to start, inclusive; excludes {@code fromVersion}. Empty = the first
 *     event, or backward the last
 * @param fromVersion the version of the selected source to start with, inclusive
 * @param backward newest first
 * @param limit at most this many events; 0 = all there are
 * @param consistency how fresh
 * @param deadline how long the read may go without progress, retries included; empty = the client's
 *     deadline
 */
public record ReadOptions(
    Optional<String> source,
    Optional<Filter> filter,
    OptionalLong fromPosition,
    OptionalLong fromVersion,
    boolean backward,
    long limit,
    ReadConsistency consistency,
    Optional<Duration> deadline) {

  public ReadOptions {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(filter, "filter");
    Objects.requireNonNull(fromPosition, "fromPosition");
    Objects.requireNonNull(fromVersion, "fromVersion");
    Objects.requireNonNull(consistency, "consistency");
    deadline.ifPresent(d -> Durations.requirePositive(d, "deadline"));
    if (source.isPresent() && filter.isPresent()) {
      throw new IllegalArgumentException("name a source or a filter, not both");
    }
    if (fromPosition.isPresent() && fromVersion.isPresent()) {
      throw new IllegalArgumentException("start from a position or a version, not both");
    }
    if (fromVersion.isPresent() && source.isEmpty()) {
      throw new IllegalArgumentException("a version to start from needs a source");
    }
    if (fromPosition.orElse(0) < 0 || fromVersion.orElse(0) < 0 || limit < 0) {
      throw new IllegalArgumentException("positions, versions and limits are never negative");
    }
  }

  /** The whole log, oldest first. */
  public static ReadOptions wholeLog() {
    return builder().build();
  }

  /** All events of one source, oldest first. */
  public static ReadOptions ofSource(String source) {
    return builder().source(source).build();
  }

  /** All events that match a filter, oldest first. */
  public static ReadOptions matching(Filter filter) {
    return builder().filter(filter).build();
  }

  /** Starts with the whole log, oldest first, linearizable. */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds {@link ReadOptions}. Not thread-safe. */
  public static final class Builder {
    private Optional<String> source = Optional.empty();
    private Optional<Filter> filter = Optional.empty();
    private OptionalLong fromPosition = OptionalLong.empty();
    private OptionalLong fromVersion = OptionalLong.empty();
    private boolean backward;
    private long limit;
    private ReadConsistency consistency = ReadConsistency.linearizable();
    private Optional<Duration> deadline = Optional.empty();

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

    /** Starts with this position, inclusive. */
    public Builder fromPosition(long position) {
      this.fromPosition = OptionalLong.of(position);
      return this;
    }

    /** Starts with this version of the selected source, inclusive. */
    public Builder fromVersion(long version) {
      this.fromVersion = OptionalLong.of(version);
      return this;
    }

    /** Newest first. */
    public Builder backward() {
      this.backward = true;
      return this;
    }

    /** At most this many events; 0 = all there are. */
    public Builder limit(long limit) {
      this.limit = limit;
      return this;
    }

    /** How fresh. */
    public Builder consistency(ReadConsistency consistency) {
      this.consistency = Objects.requireNonNull(consistency, "consistency");
      return this;
    }

    /** How long the read may go without progress, retries included. Positive. */
    public Builder deadline(Duration deadline) {
      this.deadline = Optional.of(Durations.requirePositive(deadline, "deadline"));
      return this;
    }

    /**
     * The options.
     *
     * @throws IllegalArgumentException if two of them contradict each other
     */
    public ReadOptions build() {
      return new ReadOptions(
          source, filter, fromPosition, fromVersion, backward, limit, consistency, deadline);
    }
  }
}
