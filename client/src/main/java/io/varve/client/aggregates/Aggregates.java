package io.varve.client.aggregates;

import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.client.RetryPolicy;
import io.varve.client.UnavailableException;
import io.varve.client.VarveClient;
import io.varve.client.internal.Backoff;
import io.varve.client.serialization.DecodedEvent;
import io.varve.client.serialization.EventCodec;
import io.varve.client.serialization.EventTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The states of sources of one kind, and updates of them. Thread-safe; its methods block.
 *
 * <p>States of the sources used last are cached. {@link #load} reads what was appended since, and
 * no more; {@link #update} decides on the cached state without asking the log, appends under the
 * condition that the source still has that version, and only after a conflict reads what was
 * appended since and decides again. A decision that appends nothing, or throws, is taken on a state
 * read from the log.
 *
 * @param <S> the state
 */
public final class Aggregates<S> {

  private static final Logger LOG = LoggerFactory.getLogger(Aggregates.class);

  /** How often an update is decided at most, whatever the retry policy allows. */
  private static final int MAX_ATTEMPTS = 1_000;

  /** More events than any log takes in one append; ends an endless decision. */
  private static final int MAX_EVENTS = 65_536;

  private final VarveClient client;
  private final Aggregate<S> aggregate;
  private final EventCodec codec;
  private final RetryPolicy retry;
  private final StateCache<S> cache;
  private final Optional<SnapshotStore<S>> snapshots;
  private final int snapshotEvery;

  private Aggregates(Builder<S> builder) {
    this.client = builder.client;
    this.aggregate = builder.aggregate;
    this.codec = builder.codec;
    this.retry = builder.retry;
    this.cache = new StateCache<>(builder.cacheSize);
    this.snapshots = builder.snapshots;
    this.snapshotEvery = builder.snapshotEvery;
  }

  /** Aggregates of a client's log, with the defaults stated at each setting of the builder. */
  public static <S> Aggregates<S> of(VarveClient client, EventTypes types, Aggregate<S> aggregate) {
    return builder(client, types, aggregate).build();
  }

  /**
   * Starts with the defaults.
   *
   * @param types the event types that the aggregate folds; others are {@link Aggregate#applyUnknown
   *     unknown} to it
   */
  public static <S> Builder<S> builder(
      VarveClient client, EventTypes types, Aggregate<S> aggregate) {
    return new Builder<>(client, types, aggregate);
  }

  /**
   * A source's state, with everything that was acknowledged before this call.
   *
   * @throws io.varve.client.VarveException as a read
   * @throws io.varve.client.serialization.EventSerializationException if an event cannot be read
   */
  public AggregateState<S> load(String source) {
    return caughtUp(Objects.requireNonNull(source, "source")).state();
  }

  /**
   * Reads, decides, appends; after a conflict, all of it again.
   *
   * @param decide the events to append, given the state; none = leave it. May be called several
   *     times, so it must not have side effects. What it throws reaches the caller, and nothing is
   *     appended
   * @throws io.varve.client.VarveException as an append or a read
   */
  public UpdateResult<S> update(String source, Function<? super S, ? extends Iterable<?>> decide) {
    Objects.requireNonNull(decide, "decide");
    Optional<StateCache.Entry<S>> cached = cache.get(source, client.logIdentity());
    boolean asked = cached.isEmpty();
    StateCache.Entry<S> entry = cached.orElseGet(() -> caughtUp(source));
    Backoff backoff = new Backoff(retry);
    for (int attempt = 1; ; attempt++) {
      Optional<List<Object>> decided = decide(entry, decide, asked);
      if (decided.isEmpty()) {
        // On what the log has now, before anything is concluded from what may be old.
        StateCache.Entry<S> current = caughtUp(source);
        asked = true;
        entry = current;
        decided = decide(entry, decide, true);
      }
      List<Object> events = decided.orElseThrow();
      if (events.isEmpty()) {
        return new UpdateResult.Unchanged<>(entry.state());
      }
      AppendResult result = append(entry.state(), events);
      if (result instanceof AppendResult.Appended appended) {
        return new UpdateResult.Updated<>(landed(entry, events, appended), appended, attempt);
      }
      if (attempt >= Math.min(retry.maxAttempts(), MAX_ATTEMPTS)) {
        return new UpdateResult.Conflict<>(((AppendResult.Conflict) result).failed(), attempt);
      }
      if (attempt > 1) {
        pause(backoff.nextNanos(0)); // the first time it was most likely the cache
      }
      entry = caughtUp(source);
      asked = true;
    }
  }

  /** Empty = this must be decided on a state asked for. */
  private Optional<List<Object>> decide(
      StateCache.Entry<S> entry, Function<? super S, ? extends Iterable<?>> decide, boolean asked) {
    List<Object> events = new ArrayList<>();
    try {
      for (Object event : decide.apply(entry.state().state())) {
        if (events.size() == MAX_EVENTS) {
          throw new IllegalArgumentException(
              "an update of source '"
                  + entry.state().source()
                  + "' gave more than "
                  + MAX_EVENTS
                  + " events: split it");
        }
        events.add(Objects.requireNonNull(event, "event"));
      }
    } catch (RuntimeException refused) {
      if (asked) {
        throw refused;
      }
      return Optional.empty();
    }
    return events.isEmpty() && !asked ? Optional.empty() : Optional.of(events);
  }

  private AppendResult append(AggregateState<S> state, List<Object> events) {
    AppendRequest.Builder request = AppendRequest.builder();
    for (Object event : events) {
      NewEvent encoded =
          codec.encode(state.source(), event).sourceType(aggregate.sourceType()).build();
      request.event(encoded);
    }
    return client.append(request.expectVersion(state.source(), state.version()).build());
  }

  /** The expected version held, so exactly these events follow the state. */
  private AggregateState<S> landed(
      StateCache.Entry<S> before, List<Object> events, AppendResult.Appended appended) {
    String source = before.state().source();
    S state = before.state().state();
    for (Object event : events) {
      state = aggregate.apply(state, event);
    }
    AggregateState<S> after =
        new AggregateState<>(source, state, appended.version(source), appended.lastPosition());
    return keep(after, before.snapshotVersion()).state();
  }

  // ---- reading ----

  private StateCache.Entry<S> caughtUp(String source) {
    StateCache.Entry<S> from =
        cache.get(source, client.logIdentity()).orElseGet(() -> snapshotOrNothing(source));
    AggregateState<S> start = from.state();
    S state = start.state();
    long version = start.version();
    long position = start.position();
    ReadOptions rest = ReadOptions.builder().source(source).fromVersion(version + 1).build();
    try (EventStream events = client.read(rest)) {
      for (Event event : events) {
        DecodedEvent decoded = codec.decode(event);
        state =
            decoded instanceof DecodedEvent.Known known
                ? aggregate.apply(state, known.value())
                : aggregate.applyUnknown(state, event);
        version = event.version();
        position = event.position();
      }
    }
    return keep(new AggregateState<>(source, state, version, position), from.snapshotVersion());
  }

  private StateCache.Entry<S> snapshotOrNothing(String source) {
    StateCache.Entry<S> nothing =
        new StateCache.Entry<>(
            new AggregateState<>(source, aggregate.initial(), 0, 0), Optional.empty(), 0);
    if (snapshots.isEmpty()) {
      return nothing;
    }
    try {
      UUID identity = client.logIdentity().orElseGet(() -> client.head().logIdentity());
      return snapshots
          .get()
          .load(source)
          .filter(snapshot -> snapshot.logIdentity().equals(identity))
          .filter(snapshot -> snapshot.foldVersion() == aggregate.foldVersion())
          .map(
              snapshot ->
                  new StateCache.Entry<>(
                      new AggregateState<>(
                          source, snapshot.state(), snapshot.version(), snapshot.position()),
                      Optional.of(identity),
                      snapshot.version()))
          .orElse(nothing);
    } catch (io.varve.client.VarveException notTheStore) {
      throw notTheStore;
    } catch (Exception e) {
      LOG.warn("No snapshot of source '{}' could be loaded; folding all of its events", source, e);
      return nothing;
    }
  }

  private StateCache.Entry<S> keep(AggregateState<S> state, long snapshotVersion) {
    Optional<UUID> identity = client.logIdentity();
    long snapshot = snapshotVersion;
    if (snapshots.isPresent()
        && identity.isPresent()
        && state.version() - snapshotVersion >= snapshotEvery) {
      try {
        snapshots
            .get()
            .save(
                state.source(),
                new Snapshot<>(
                    state.state(),
                    state.version(),
                    state.position(),
                    identity.get(),
                    aggregate.foldVersion()));
        snapshot = state.version();
      } catch (Exception e) {
        LOG.warn("A snapshot of source '{}' could not be saved", state.source(), e);
      }
    }
    StateCache.Entry<S> entry = new StateCache.Entry<>(state, identity, snapshot);
    cache.put(entry);
    return entry;
  }

  private static void pause(long nanos) {
    try {
      TimeUnit.NANOSECONDS.sleep(nanos);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new UnavailableException(
          "interrupted before the update was decided again", interrupted);
    }
  }

  /**
   * Configures {@link Aggregates}. Not thread-safe.
   *
   * @param <S> the state
   */
  public static final class Builder<S> {
    private final VarveClient client;
    private final Aggregate<S> aggregate;
    private EventCodec codec;
    private RetryPolicy retry = RetryPolicy.defaults().withMaxAttempts(10);
    private int cacheSize = 1_000;
    private Optional<SnapshotStore<S>> snapshots = Optional.empty();
    private int snapshotEvery = 100;

    private Builder(VarveClient client, EventTypes types, Aggregate<S> aggregate) {
      this.client = Objects.requireNonNull(client, "client");
      this.aggregate = Objects.requireNonNull(aggregate, "aggregate");
      this.codec = EventCodec.json(types);
    }

    /** How events are written and read. Default: JSON. */
    public Builder<S> codec(EventCodec codec) {
      this.codec = Objects.requireNonNull(codec, "codec");
      return this;
    }

    /**
     * How an update is tried again after a conflict; at most 1,000 attempts, whatever it says.
     * Default: 10 attempts.
     */
    public Builder<S> retry(RetryPolicy retry) {
      this.retry = Objects.requireNonNull(retry, "retry");
      return this;
    }

    /** How many states are cached, 1 to 10,000,000; the ones used last. Default 1,000. */
    public Builder<S> cacheSize(int states) {
      if (states < 1 || states > 10_000_000) {
        throw new IllegalArgumentException("cacheSize must be 1 to 10000000: " + states);
      }
      this.cacheSize = states;
      return this;
    }

    /**
     * Keeps snapshots. Default: none.
     *
     * @param every after how many further events a source's snapshot is replaced; 1 or more
     */
    public Builder<S> snapshots(SnapshotStore<S> store, int every) {
      if (every < 1) {
        throw new IllegalArgumentException("every must be at least 1: " + every);
      }
      this.snapshots = Optional.of(store);
      this.snapshotEvery = every;
      return this;
    }

    /** The aggregates. */
    public Aggregates<S> build() {
      return new Aggregates<>(this);
    }
  }
}
