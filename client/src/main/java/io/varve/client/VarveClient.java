package io.varve.client;

import io.varve.client.internal.ClientSettings;
import io.varve.client.internal.DefaultVarveClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;

/**
 * A client of one log of a Varve cluster. Thread-safe and meant to live as long as the process.
 *
 * <p><b>Retries.</b> Whatever may be repeated is repeated within the deadline, on another node if
 * need be. Every append carries an append id or an {@link Origin}, so that it lands once however
 * often it is sent; an append without ({@link AppendRequest.Builder#withoutAppendId()}) is never
 * sent twice.
 *
 * <p><b>Order.</b> Appends are sent in the order in which they were handed in, on one stream to the
 * leader, and land in that order; when answers are lost, they are sent again in that order. Only
 * one that a node turned away (overloaded, unavailable) can land behind some that were handed in
 * after it; runs of one {@link Origin} buffer never change their order. Wait for an append's result
 * before handing in one that must not precede it.
 *
 * <p><b>Threads.</b> Futures complete, and {@link java.util.concurrent.Flow} subscribers are
 * called, on the client's own network threads unless the builder was given an executor. Code that
 * runs there must be short and must not block; the blocking methods of this interface throw {@link
 * IllegalStateException} there instead of waiting for themselves for ever.
 *
 * <p><b>Errors.</b> Futures complete exceptionally with, and blocking methods throw, {@link
 * VarveException}s. A blocking method that is interrupted stops waiting, keeps the thread's
 * interrupt flag set and throws {@link OutcomeUnknownException} for an append, else {@link
 * UnavailableException}.
 */
public interface VarveClient extends AutoCloseable {

  /** Starts a client with the defaults stated at each setting. */
  static Builder builder() {
    return new Builder();
  }

  // ---- appending ----

  /**
   * Appends.
   *
   * <p>The future completes exceptionally with {@link OverloadedException} at once when too many
   * appends are outstanding already ({@link Builder#appendQueue}). Cancelling it keeps an append
   * from being sent that has not been yet; one that has been runs on.
   */
  CompletableFuture<AppendResult> appendAsync(AppendRequest request);

  /** Appends one event. */
  default CompletableFuture<AppendResult> appendAsync(NewEvent event, Condition... conditions) {
    return appendAsync(AppendRequest.of(List.of(event), List.of(conditions)));
  }

  /** Appends and waits for the result. */
  AppendResult append(AppendRequest request);

  /** Appends one event and waits for the result. */
  default AppendResult append(NewEvent event, Condition... conditions) {
    return append(AppendRequest.of(List.of(event), List.of(conditions)));
  }

  /**
   * A fresh append id, for callers that store it before they append so that they can repeat the
   * append even after a restart. Asks for the head if this client knows none yet.
   */
  AppendId newAppendId();

  /** What became of an append. Linearizable. */
  CompletableFuture<AppendLookup> getAppendAsync(AppendId appendId);

  /** What became of an append; waits for the answer. */
  AppendLookup getAppend(AppendId appendId);

  // ---- reading ----

  /** The head. */
  CompletableFuture<Head> headAsync(ReadConsistency consistency);

  /** The head, linearizable; waits for the answer. */
  default Head head() {
    return head(ReadConsistency.linearizable());
  }

  /** The head; waits for the answer. */
  Head head(ReadConsistency consistency);

  /**
   * The newest head this client has learned from any answer so far, without asking; empty before
   * the first answer. It may be old, and is never ahead of the log.
   */
  OptionalLong knownHead();

  /**
   * A position the head had a moment ago, asked for together with whoever else asks: the answer to
   * a linearizable read that may have been under way already when this was called, or {@link
   * #knownHead()} if that is newer. So it may miss what others appended within the time of one
   * read; it is never ahead of the log, nor behind what this client knew. For the boundary of a
   * concurrency scope, where an older position only adds conflicts.
   */
  CompletableFuture<Long> recentHeadAsync();

  /** A position the head had a moment ago; waits for the answer. */
  long recentHead();

  /** Where a source stands. */
  CompletableFuture<SourceState> sourceAsync(String source, ReadConsistency consistency);

  /** Where a source stands; waits for the answer. */
  SourceState source(String source, ReadConsistency consistency);

  /** Where a source stands, linearizable; waits for the answer. */
  default SourceState source(String source) {
    return source(source, ReadConsistency.linearizable());
  }

  /**
   * How many events a source has had, linearizable; 0 = it does not exist. Waits for the answer.
   */
  default long version(String source) {
    return source(source).version();
  }

  /**
   * Events that exist now. Returns at once; errors come while iterating. Close it, best by
   * try-with-resources.
   */
  EventStream read(ReadOptions options);

  /**
   * Events that exist now, all of them in memory: for reads that a limit keeps small.
   *
   * @throws IllegalArgumentException if the options have no limit, or one above 10,000
   */
  CompletableFuture<List<Event>> readAsync(ReadOptions options);

  /**
   * The newest event of each of a source's keys, by key; a key that was removed by a tombstone is
   * left out. Returns at once; errors come while iterating. Close it, best by try-with-resources.
   *
   * <p>To stay up to date, apply these, newest position winning, and follow the source after {@link
   * Paged#asOf()}.
   */
  Paged<Event> readLatest(LatestOptions options);

  /** The newest event of each of a source's keys, linearizable. */
  default Paged<Event> readLatest(String source) {
    return readLatest(LatestOptions.ofSource(source));
  }

  /** One page of the newest events of a source's keys; {@link LatestPage#next()} asks for more. */
  CompletableFuture<LatestPage> readLatestPageAsync(LatestOptions options);

  /**
   * Sources by name, and where each stands. Returns at once; errors come while iterating. Close it,
   * best by try-with-resources.
   */
  Paged<SourceState> listSources(ListSourcesOptions options);

  /** The sources whose names begin with a prefix, linearizable. */
  default Paged<SourceState> listSources(String prefix) {
    return listSources(ListSourcesOptions.withPrefix(prefix));
  }

  /** One page of sources; {@link SourcesPage#next()} asks for more. */
  CompletableFuture<SourcesPage> listSourcesPageAsync(ListSourcesOptions options);

  /** The newest position recorded at or before a time; 0 = there is none. */
  CompletableFuture<Long> positionAtAsync(Instant recorded, ReadConsistency consistency);

  /** The newest position recorded at or before a time, linearizable; waits for the answer. */
  default long positionAt(Instant recorded) {
    return positionAt(recorded, ReadConsistency.linearizable());
  }

  /** The newest position recorded at or before a time; waits for the answer. */
  long positionAt(Instant recorded, ReadConsistency consistency);

  /** How far a client's buffer has landed. */
  CompletableFuture<OriginProgress> originProgressAsync(
      String clientId, String bufferId, ReadConsistency consistency);

  /** How far a client's buffer has landed, linearizable; waits for the answer. */
  default OriginProgress originProgress(String clientId, String bufferId) {
    return originProgress(clientId, bufferId, ReadConsistency.linearizable());
  }

  /** How far a client's buffer has landed; waits for the answer. */
  OriginProgress originProgress(String clientId, String bufferId, ReadConsistency consistency);

  /**
   * The chain hash of one node's own log, at a position once that node has applied it, or at its
   * head (position 0). To ask a certain node, make a client with only that target and without
   * {@link Builder#learnAddresses learning addresses}.
   */
  CompletableFuture<ChainHash> chainHashAsync(long position);

  /** The chain hash of one node's own log; waits for the answer. */
  ChainHash chainHash(long position);

  // ---- subscribing ----

  /**
   * Events that exist and those to come, without a gap or a duplicate, with back-pressure: no more
   * is fetched than was requested, plus a few batches.
   *
   * <p>Every {@code subscribe} on the publisher starts a subscription of its own, from the start
   * the options name. When a node is lost it goes on with another one; {@code onError} means that
   * it has failed for good; {@code onComplete} is called only when the client is closed.
   */
  Flow.Publisher<SubscriptionItem> subscribe(SubscribeOptions options);

  /**
   * Calls a listener with events that exist and those to come. It is called from a thread of the
   * subscription's own, so it may block.
   */
  Subscription subscribe(SubscribeOptions options, SubscriptionListener listener);

  /** Events that exist and those to come, to be iterated over by a thread of the caller's. */
  SubscriptionStream follow(SubscribeOptions options);

  // ---- the cluster ----

  /** The cluster as one of its nodes sees it. Answers without a majority too. */
  CompletableFuture<ClusterDescription> describeAsync();

  /** The cluster as one of its nodes sees it; waits for the answer. */
  ClusterDescription describe();

  /**
   * The identity of the log this client speaks to: the expected one, or the one of the first
   * answer. Empty before any answer. From then on every request carries it, so that a restored or
   * replaced cluster is noticed ({@link LogIdentityMismatchException}) before anything of two
   * histories is mixed.
   */
  Optional<UUID> logIdentity();

  /**
   * Accepts whatever log answers next, after {@link LogIdentityMismatchException}. The caller must
   * first have dropped every position, version and append id it took from the old history.
   */
  void forgetLogIdentity();

  /**
   * Ends everything that is under way and closes all connections. Appends that have not been sent
   * fail with {@link ClientClosedException}, those that have with {@link OutcomeUnknownException}.
   * Idempotent.
   */
  @Override
  void close();

  /** Configures a {@link VarveClient}. Not thread-safe. */
  final class Builder {
    private final List<String> targets = new ArrayList<>();
    private String log = "";
    private Optional<UUID> logIdentity = Optional.empty();
    private Duration deadline = Duration.ofSeconds(10);
    private Duration connectTimeout = Duration.ofSeconds(2);
    private RetryPolicy retry = RetryPolicy.defaults();
    private int appendWindow = 1024;
    private int appendQueue = 16 * 1024;
    private Optional<Executor> executor = Optional.empty();
    private Optional<TlsOptions> tls = Optional.empty();
    private Optional<String> token = Optional.empty();
    private boolean learnAddresses = true;
    private Duration subscriptionSilence = Duration.ofSeconds(5);

    private Builder() {}

    /**
     * Adds nodes to speak to, {@code HOST:PORT} separated by commas. At least one is needed; naming
     * all of them lets the client start while some are down. An IPv6 address stands in brackets.
     */
    public Builder target(String addresses) {
      return targets(List.of(addresses.split(",", -1)));
    }

    /** Adds nodes to speak to, each {@code HOST:PORT}. */
    public Builder targets(Collection<String> addresses) {
      for (String address : addresses) {
        targets.add(address.strip());
      }
      return this;
    }

    /** The log's name. Default: {@code default}. */
    public Builder log(String name) {
      this.log = Objects.requireNonNull(name, "name");
      return this;
    }

    /** The log identity to insist on. Default: the one of the first answer. */
    public Builder logIdentity(UUID identity) {
      this.logIdentity = Optional.of(identity);
      return this;
    }

    /**
     * How long a call may take, retries included; for a read, how long it may go without progress.
     * Default 10 s.
     */
    public Builder deadline(Duration deadline) {
      this.deadline = Durations.requirePositive(deadline, "deadline");
      return this;
    }

    /** How long connecting to one node may take. Default 2 s. */
    public Builder connectTimeout(Duration timeout) {
      this.connectTimeout = Durations.requirePositive(timeout, "timeout");
      return this;
    }

    /** How the client tries again. Default {@link RetryPolicy#defaults()}. */
    public Builder retry(RetryPolicy policy) {
      this.retry = Objects.requireNonNull(policy, "policy");
      return this;
    }

    /**
     * How many appends may be sent and not yet answered, 1 to 65,536 (and at most 16 MiB of them,
     * or one). Default 1,024.
     */
    public Builder appendWindow(int appends) {
      this.appendWindow = requireRange(appends, 1, 65_536, "appendWindow");
      return this;
    }

    /**
     * How many more appends may wait to be sent, 0 to 1,048,576 (and at most 64 MiB of them, or
     * one); beyond that they fail with {@link OverloadedException}. Default 16,384.
     */
    public Builder appendQueue(int appends) {
      this.appendQueue = requireRange(appends, 0, 1_048_576, "appendQueue");
      return this;
    }

    /**
     * Where futures complete and {@link java.util.concurrent.Flow} subscribers are called. With
     * more than one thread, two futures may complete in any order; a subscriber is always called in
     * order. Default: the client's network threads.
     */
    public Builder executor(Executor executor) {
      this.executor = Optional.of(executor);
      return this;
    }

    /** Encrypts connections. Default: plaintext. */
    public Builder tls(TlsOptions options) {
      this.tls = Optional.of(options);
      return this;
    }

    /**
     * Sends {@code authorization: Bearer TOKEN} with every call. Without {@link #tls} whoever is on
     * the line can read it. Default: none.
     *
     * @param token 1 or more printable ASCII characters without blanks
     */
    public Builder token(String token) {
      if (token.isEmpty() || !token.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
        throw new IllegalArgumentException("a token is printable ASCII without blanks");
      }
      this.token = Optional.of(token);
      return this;
    }

    /**
     * Whether to go to the leader, and to nodes that joined later, under the addresses the cluster
     * itself names. Switch it off where those cannot be reached from here (a tunnel, a proxy);
     * nodes forward to the leader then. Default true.
     */
    public Builder learnAddresses(boolean learn) {
      this.learnAddresses = learn;
      return this;
    }

    /** For tests: when a silent subscription makes sure that its node is not cut off. */
    Builder subscriptionSilence(Duration silence) {
      this.subscriptionSilence = Durations.requirePositive(silence, "silence");
      return this;
    }

    /**
     * The client. Connects when it is first used.
     *
     * @throws IllegalArgumentException if there is no target, or one is not {@code HOST:PORT}
     */
    public VarveClient build() {
      return new DefaultVarveClient(
          new ClientSettings(
              List.copyOf(targets),
              log,
              logIdentity,
              deadline,
              connectTimeout,
              retry,
              appendWindow,
              appendQueue,
              executor,
              tls,
              token,
              learnAddresses,
              subscriptionSilence));
    }

    private static int requireRange(int value, int min, int max, String name) {
      if (value < min || value > max) {
        throw new IllegalArgumentException(name + " must be " + min + " to " + max + ": " + value);
      }
      return value;
    }
  }
}
