package io.varve.client;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * Which newest events to read: one per key of a source. Make one with {@link #ofSource} or {@link
 * #builder}.
 *
 * @param source the source
 * @param keyPrefix only keys that begin with this; empty = all
 * @param afterKey only keys greater than this, by their bytes; empty = from the first
 * @param asOf 0 = the state to read is the one at the first answer; otherwise a position that must
 *     have been applied: what {@link LatestPage#asOf()} of the first page said
 * @param pageSize at most this many events a page, 1 to 1,000
 * @param consistency how fresh the first page must be
 * @param deadline how long one page may take, retries included; empty = the client's deadline
 */
public record LatestOptions(
    String source,
    String keyPrefix,
    String afterKey,
    long asOf,
    int pageSize,
    ReadConsistency consistency,
    Optional<Duration> deadline) {

  /** The largest page. */
  public static final int MAX_PAGE_SIZE = 1_000;

  public LatestOptions {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(keyPrefix, "keyPrefix");
    Objects.requireNonNull(afterKey, "afterKey");
    Objects.requireNonNull(consistency, "consistency");
    deadline.ifPresent(d -> Durations.requirePositive(d, "deadline"));
    if (asOf < 0) {
      throw new IllegalArgumentException("a position is never negative: " + asOf);
    }
    PageSizes.require(pageSize, MAX_PAGE_SIZE);
  }

  /** Every key of a source, linearizable. */
  public static LatestOptions ofSource(String source) {
    return builder(source).build();
  }

  /** Starts with every key of a source, linearizable, in the largest pages. */
  public static Builder builder(String source) {
    return new Builder(source);
  }

  /** Builds {@link LatestOptions}. Not thread-safe. */
  public static final class Builder {
    private final String source;
    private String keyPrefix = "";
    private String afterKey = "";
    private long asOf;
    private int pageSize = MAX_PAGE_SIZE;
    private ReadConsistency consistency = ReadConsistency.linearizable();
    private Optional<Duration> deadline = Optional.empty();

    private Builder(String source) {
      this.source = source;
    }

    /** Only keys that begin with this. */
    public Builder keyPrefix(String prefix) {
      this.keyPrefix = prefix;
      return this;
    }

    /** Only keys greater than this, by their bytes. */
    public Builder afterKey(String key) {
      this.afterKey = key;
      return this;
    }

    /** The {@link LatestPage#asOf()} of a first page, to read a later one. */
    public Builder asOf(long position) {
      this.asOf = position;
      return this;
    }

    /** At most this many events a page, 1 to 1,000. */
    public Builder pageSize(int events) {
      this.pageSize = events;
      return this;
    }

    /** How fresh the first page must be. */
    public Builder consistency(ReadConsistency consistency) {
      this.consistency = consistency;
      return this;
    }

    /** How long one page may take, retries included. Positive. */
    public Builder deadline(Duration deadline) {
      this.deadline = Optional.of(deadline);
      return this;
    }

    /**
     * The options.
     *
     * @throws IllegalArgumentException if one of them is out of its range
     */
    public LatestOptions build() {
      return new LatestOptions(source, keyPrefix, afterKey, asOf, pageSize, consistency, deadline);
    }
  }
}
