package io.varve.client.projections;

import com.codahale.metrics.MetricRegistry;
import io.varve.client.Event;
import io.varve.client.Filter;
import io.varve.client.RetryPolicy;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * What is computed from the log: a name, a filter, a handler, and where its checkpoint is kept. A
 * {@link ProjectionRunner} runs it. Immutable; thread-safe if its handler and store are.
 *
 * <p>Events of sources whose names begin with {@value #RESERVED_PREFIX} belong to projections
 * themselves and are never handed to handlers.
 *
 * @param <T> the transaction of its store
 */
public final class Projection<T> {

  /** The most partitions a projection can have. */
  public static final int MAX_PARTITIONS = 64;

  /** How the names of the sources begin that projections keep for themselves. */
  public static final String RESERVED_PREFIX = "$projection/";

  static final Duration MIN_LEASE = Duration.ofMillis(200);
  static final Duration MAX_LEASE = Duration.ofHours(1);

  private final String name;
  private final CheckpointStore<T> store;
  private final TransactionalHandler<? super T> handler;
  private final int generation;
  private final Optional<Filter> filter;
  private final int partitions;
  private final boolean shared;
  private final Duration lease;
  private final int batchEvents;
  private final RetryPolicy retry;
  private final int maxParkedSources;
  private final long maxParkedEvents;
  private final Optional<MetricRegistry> metrics;

  private Projection(Builder<T> builder, TransactionalHandler<? super T> handler) {
    this.name = builder.name;
    this.store = builder.store;
    this.handler = handler;
    this.generation = builder.generation;
    this.filter = builder.filter;
    this.partitions = builder.partitions;
    this.shared = builder.shared;
    this.lease = builder.lease;
    this.batchEvents = builder.batchEvents;
    this.retry = builder.retry;
    this.maxParkedSources = builder.maxParkedSources;
    this.maxParkedEvents = builder.maxParkedEvents;
    this.metrics = builder.metrics;
  }

  /**
   * Starts a projection of the whole log.
   *
   * @param name 1 to 100 letters, digits, {@code .}, {@code _} and {@code -}; unique in the store,
   *     and, for shared projections, in the log
   */
  public static <T> Builder<T> builder(String name, CheckpointStore<T> store) {
    return new Builder<>(ProjectionPartition.requireName(name), store);
  }

  /** The same projection, to be built with something changed: another generation, say. */
  public Builder<T> toBuilder() {
    Builder<T> builder = new Builder<>(name, store);
    builder.handler = Optional.of(handler);
    builder.generation = generation;
    builder.filter = filter;
    builder.partitions = partitions;
    builder.shared = shared;
    builder.lease = lease;
    builder.batchEvents = batchEvents;
    builder.retry = retry;
    builder.maxParkedSources = maxParkedSources;
    builder.maxParkedEvents = maxParkedEvents;
    builder.metrics = metrics;
    return builder;
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** Which generation of it this is, from 1. */
  public int generation() {
    return generation;
  }

  /** Where its checkpoints are kept. */
  public CheckpointStore<T> store() {
    return store;
  }

  /** Which events it takes; empty = all. */
  public Optional<Filter> filter() {
    return filter;
  }

  /** How many partitions it has. */
  public int partitions() {
    return partitions;
  }

  /** Whether several runners share its partitions. */
  public boolean shared() {
    return shared;
  }

  TransactionalHandler<? super T> handler() {
    return handler;
  }

  Duration lease() {
    return lease;
  }

  int batchEvents() {
    return batchEvents;
  }

  RetryPolicy retry() {
    return retry;
  }

  int maxParkedSources() {
    return maxParkedSources;
  }

  long maxParkedEvents() {
    return maxParkedEvents;
  }

  Optional<MetricRegistry> metrics() {
    return metrics;
  }

  @Override
  public String toString() {
    return name + "/" + generation;
  }

  /** Whether an event belongs to projections themselves. */
  static boolean isReserved(Event event) {
    return event.source().startsWith(RESERVED_PREFIX);
  }

  /**
   * Builds a {@link Projection}. Not thread-safe.
   *
   * @param <T> the transaction of its store
   */
  public static final class Builder<T> {
    private final String name;
    private final CheckpointStore<T> store;
    private Optional<TransactionalHandler<? super T>> handler = Optional.empty();
    private int generation = 1;
    private Optional<Filter> filter = Optional.empty();
    private int partitions = 1;
    private boolean shared;
    private Duration lease = Duration.ofSeconds(30);
    private int batchEvents = 100;
    private RetryPolicy retry =
        new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(10), 2.0, 5);
    private int maxParkedSources = 1_000;
    private long maxParkedEvents = 100_000;
    private Optional<MetricRegistry> metrics = Optional.empty();

    private Builder(String name, CheckpointStore<T> store) {
      this.name = name;
      this.store = Objects.requireNonNull(store, "store");
    }

    /** Which events. Default: all. */
    public Builder<T> filter(Filter filter) {
      this.filter = Optional.of(filter);
      return this;
    }

    /** What applies an event, without looking at the transaction. */
    public Builder<T> handler(EventHandler handler) {
      Objects.requireNonNull(handler, "handler");
      return handler((event, transaction) -> handler.handle(event));
    }

    /** What applies an event, inside the transaction that stores the checkpoint. */
    public Builder<T> handler(TransactionalHandler<? super T> handler) {
      this.handler = Optional.of(handler);
      return this;
    }

    /**
     * Which generation: a rebuild has a greater one than what is live, its own checkpoint, and
     * writes to tables of its own. Default 1.
     */
    public Builder<T> generation(int generation) {
      this.generation = ProjectionPartition.requireGeneration(generation);
      return this;
    }

    /**
     * Lets any number of runners, in any number of processes, share the projection, by this many
     * partitions: 1 to {@value Projection#MAX_PARTITIONS}, fixed for the life of the generation.
     * Events of one source are always in the same partition. Each partition follows the log with a
     * subscription and a thread of its own. Default: unshared; the runner that started last has it
     * all.
     */
    public Builder<T> partitions(int partitions) {
      if (partitions < 1 || partitions > MAX_PARTITIONS) {
        throw new IllegalArgumentException(
            "partitions must be 1 to " + MAX_PARTITIONS + ": " + partitions);
      }
      this.partitions = partitions;
      this.shared = true;
      return this;
    }

    /**
     * How long the partitions of a shared projection stay with a runner that gives no sign of life;
     * 200 ms to 1 h, default 30 s. A sign of life is one small event a partition and one a runner,
     * every third of this time, for as long as the log lives.
     */
    public Builder<T> lease(Duration lease) {
      if (lease.compareTo(MIN_LEASE) < 0 || lease.compareTo(MAX_LEASE) > 0) {
        throw new IllegalArgumentException(
            "lease must be " + MIN_LEASE + " to " + MAX_LEASE + ": " + lease);
      }
      this.lease = lease;
      return this;
    }

    /**
     * How many events, if that many are there, one transaction applies; 1 to 10,000, default 100. A
     * batch also ends at 4 MiB of payload. Without a transaction: how many events may be handed out
     * again after a crash.
     */
    public Builder<T> batchEvents(int batchEvents) {
      if (batchEvents < 1 || batchEvents > 10_000) {
        throw new IllegalArgumentException("batchEvents must be 1 to 10,000: " + batchEvents);
      }
      this.batchEvents = batchEvents;
      return this;
    }

    /**
     * How often an event that fails is tried, and how long is waited in between, before its source
     * is parked; its partition waits meanwhile. Default: 5 attempts, 100 ms doubling to 10 s. At
     * most 1,000 attempts count. Failures that lie with the connection, not with the event (SQL
     * states 08, 40, 53 and 57) are tried again without end.
     */
    public Builder<T> retry(RetryPolicy retry) {
      this.retry = Objects.requireNonNull(retry, "retry");
      return this;
    }

    /**
     * How many sources of one partition may be parked; 0 to 100,000, default 1,000. Past it nothing
     * more is parked: the partition tries the failing event again and again, at the longest
     * backoff, and goes on when it succeeds or when a source is no longer parked.
     */
    public Builder<T> maxParkedSources(int maxParkedSources) {
      if (maxParkedSources < 0 || maxParkedSources > 100_000) {
        throw new IllegalArgumentException(
            "maxParkedSources must be 0 to 100,000: " + maxParkedSources);
      }
      this.maxParkedSources = maxParkedSources;
      return this;
    }

    /**
     * How many events of one parked source may be parked; at least 1, default 100,000. Past it the
     * partition waits until something is done about the source.
     */
    public Builder<T> maxParkedEvents(long maxParkedEvents) {
      if (maxParkedEvents < 1) {
        throw new IllegalArgumentException(
            "maxParkedEvents must be at least 1: " + maxParkedEvents);
      }
      this.maxParkedEvents = maxParkedEvents;
      return this;
    }

    /** Where to show metrics: {@link ProjectionMetrics} says which. Default: nowhere. */
    public Builder<T> metrics(MetricRegistry registry) {
      this.metrics = Optional.of(registry);
      return this;
    }

    /**
     * The projection.
     *
     * @throws IllegalStateException if it has no handler
     */
    public Projection<T> build() {
      return new Projection<>(
          this,
          handler.orElseThrow(
              () ->
                  new IllegalStateException(
                      "projection '" + name + "' has no handler: call handler(…)")));
    }
  }
}
