package io.varve.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One atomic append: all of its events land, adjacent and in order, or none. Make one with {@link
 * #builder()} or {@link #of}.
 *
 * <p>With conditions and no events it only checks them: nothing is appended.
 *
 * @param events the events, to one or many sources; at most 4,096, together at most 4 MiB
 * @param conditions what must hold, all of it; at most 64
 * @param identity how the append is named across its retries; one named by an {@link Origin} has no
 *     conditions, and may have voids instead of events
 * @param deadline how long the append may take, retries included; empty = the client's deadline
 */
public record AppendRequest(
    List<NewEvent> events,
    List<Condition> conditions,
    Identity identity,
    Optional<Duration> deadline) {

  public AppendRequest {
    events = List.copyOf(events);
    conditions = List.copyOf(conditions);
    Objects.requireNonNull(identity, "identity");
    Objects.requireNonNull(deadline, "deadline");
    deadline.ifPresent(d -> Durations.requirePositive(d, "deadline"));
    if (identity instanceof Origin && !conditions.isEmpty()) {
      throw new IllegalArgumentException("a run of an origin has no conditions");
    }
  }

  /** Events and conditions, with the client's deadline and an automatic append id. */
  public static AppendRequest of(List<NewEvent> events, List<Condition> conditions) {
    return new AppendRequest(events, conditions, Automatic.INSTANCE, Optional.empty());
  }

  /** Starts a request without events. */
  public static Builder builder() {
    return new Builder();
  }

  /** How an append is named across its retries. */
  public sealed interface Identity permits Automatic, Explicit, None, Origin {}

  /** The client draws a random append id. The default. */
  public enum Automatic implements Identity {
    /** The only one. */
    INSTANCE
  }

  /**
   * The caller's own append id.
   *
   * @param appendId the append id
   */
  public record Explicit(AppendId appendId) implements Identity {
    public Explicit {
      Objects.requireNonNull(appendId, "appendId");
    }
  }

  /** No append id: the append is never sent twice, and an answer that is lost stays lost. */
  public enum None implements Identity {
    /** The only one. */
    INSTANCE
  }

  /** Builds an {@link AppendRequest}. Not thread-safe. */
  public static final class Builder {
    private final List<NewEvent> events = new ArrayList<>();
    private final List<Condition> conditions = new ArrayList<>();
    private Identity identity = Automatic.INSTANCE;
    private Optional<Duration> deadline = Optional.empty();

    private Builder() {}

    /** Adds an event. */
    public Builder event(NewEvent event) {
      events.add(Objects.requireNonNull(event, "event"));
      return this;
    }

    /** Adds events. */
    public Builder events(NewEvent... events) {
      return events(List.of(events));
    }

    /** Adds events. */
    public Builder events(Collection<NewEvent> events) {
      this.events.addAll(events);
      return this;
    }

    /** Adds a condition. */
    public Builder condition(Condition condition) {
      conditions.add(Objects.requireNonNull(condition, "condition"));
      return this;
    }

    /** Adds conditions. */
    public Builder conditions(Collection<? extends Condition> conditions) {
      this.conditions.addAll(conditions);
      return this;
    }

    /** Adds the condition that a source has exactly this version; 0 = it does not exist. */
    public Builder expectVersion(String source, long version) {
      return condition(ExpectedVersion.exactly(source, version));
    }

    /** Adds the condition that nothing matching exists at a position greater than {@code after}. */
    public Builder scope(Filter filter, long after) {
      return condition(new ConcurrencyScope(filter, after));
    }

    /** Names the append by the caller's own append id. */
    public Builder appendId(AppendId appendId) {
      this.identity = new Explicit(appendId);
      return this;
    }

    /**
     * Makes the append a run of local-first events, named by the numbers they have in a client's
     * buffer instead of by an append id.
     */
    public Builder origin(Origin origin) {
      this.identity = Objects.requireNonNull(origin, "origin");
      return this;
    }

    /**
     * Sends the append without an append id, at most once. Whenever its answer is lost, {@link
     * OutcomeUnknownException} is all that can be said.
     */
    public Builder withoutAppendId() {
      this.identity = None.INSTANCE;
      return this;
    }

    /** How long the append may take, retries included. Positive. */
    public Builder deadline(Duration deadline) {
      this.deadline = Optional.of(Durations.requirePositive(deadline, "deadline"));
      return this;
    }

    /**
     * The request.
     *
     * @throws IllegalArgumentException if it has an origin and conditions
     */
    public AppendRequest build() {
      return new AppendRequest(events, conditions, identity, deadline);
    }
  }
}
