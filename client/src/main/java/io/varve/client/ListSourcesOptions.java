package io.varve.client;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * Which sources to list, by name. Make one with {@link #all}, {@link #withPrefix} or {@link
 * #builder}.
 *
 * @param prefix only sources whose names begin with this; empty = all
 * @param afterSource only names greater than this, by their bytes; empty = from the first
 * @param pageSize at most this many sources a page, 1 to 1,000
 * @param consistency how fresh the first page must be; later ones are no older
 * @param deadline how long one page may take, retries included; empty = the client's deadline
 */
public record ListSourcesOptions(
    String prefix,
    String afterSource,
    int pageSize,
    ReadConsistency consistency,
    Optional<Duration> deadline) {

  /** The largest page. */
  public static final int MAX_PAGE_SIZE = 1_000;

  public ListSourcesOptions {
    Objects.requireNonNull(prefix, "prefix");
    Objects.requireNonNull(afterSource, "afterSource");
    Objects.requireNonNull(consistency, "consistency");
    deadline.ifPresent(d -> Durations.requirePositive(d, "deadline"));
    PageSizes.require(pageSize, MAX_PAGE_SIZE);
  }

  /** Every source. */
  public static ListSourcesOptions all() {
    return builder().build();
  }

  /** The sources whose names begin with a prefix. */
  public static ListSourcesOptions withPrefix(String prefix) {
    return builder().prefix(prefix).build();
  }

  /** Starts with every source, linearizable, in the largest pages. */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds {@link ListSourcesOptions}. Not thread-safe. */
  public static final class Builder {
    private String prefix = "";
    private String afterSource = "";
    private int pageSize = MAX_PAGE_SIZE;
    private ReadConsistency consistency = ReadConsistency.linearizable();
    private Optional<Duration> deadline = Optional.empty();

    private Builder() {}

    /** Only sources whose names begin with this. */
    public Builder prefix(String prefix) {
      this.prefix = prefix;
      return this;
    }

    /** Only names greater than this, by their bytes. */
    public Builder afterSource(String source) {
      this.afterSource = source;
      return this;
    }

    /** At most this many sources a page, 1 to 1,000. */
    public Builder pageSize(int sources) {
      this.pageSize = sources;
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
    public ListSourcesOptions build() {
      return new ListSourcesOptions(prefix, afterSource, pageSize, consistency, deadline);
    }
  }
}
