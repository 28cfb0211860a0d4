package io.varve.client.localfirst;

import io.varve.client.ClientClosedException;
import io.varve.client.NewEvent;
import io.varve.client.RetryPolicy;
import io.varve.client.json.EventJson;
import io.varve.client.localfirst.LocalStatus.State;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A buffer for a device or a service that must be able to write while no gateway can be reached.
 * Appended events are numbered and on disk before {@code append} returns; one loop pushes them in
 * that order, and however often a push is repeated the log takes each number once. Sources that are
 * opened are pulled and kept in the same file, so that after a restart everything is there at once,
 * offline too.
 *
 * <p>One buffer serves a process; a file can be open once only, on this machine. It is thread-safe.
 * Three threads of its own do the work: one writes the file, one pushes, one pulls.
 *
 * <p>The client is known by a P-256 key pair, made at the first start and kept next to the file,
 * for the owner's eyes only; its client id is that key's RFC 7638 thumbprint. Copy neither: a
 * second process with the same key and file would use the same numbers for other events. The log
 * notices that, and the buffer goes on under a new id ({@link BufferMove}).
 */
public final class LocalBuffer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LocalBuffer.class);

  /** One stream follows them all, and a gateway takes no more on one. */
  private static final int MAX_SOURCES = 64;

  /** More than any log takes by default, less than a gateway's limit for a body (6 MiB). */
  private static final int MAX_EVENT_BYTES = 5 << 20;

  private final ClientKey key;
  private final RetryPolicy retry;
  private final Ledger ledger;
  private final StoreThread storeThread;
  private final SyncLoop push;
  private final SyncLoop pull;
  private final Pulling pulling;
  private final Executor listenerExecutor;
  private final Optional<ExecutorService> ownExecutor;
  private final ExecutorService httpExecutor;
  private final Map<String, LocalSource<?>> sources = new ConcurrentHashMap<>();
  private final List<Consumer<? super LocalStatus>> statusListeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<? super BufferMove>> moveListeners = new CopyOnWriteArrayList<>();
  private final List<CompletableFuture<Void>> landedWaiters = new CopyOnWriteArrayList<>();
  private final AtomicBoolean tellingStatus = new AtomicBoolean();
  private final AtomicReference<Facts> facts;
  private final AtomicReference<LocalStatus> told;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean offline;
  private volatile @Nullable LocalProblem storeProblem;

  /** What the store thread knows, for any thread to read. */
  private record Facts(
      String bufferId, Optional<UUID> logIdentity, long pending, int rejected, boolean caughtUp) {}

  private LocalBuffer(Builder builder) {
    Path directory = Objects.requireNonNull(builder.directory);
    try {
      OwnerOnlyFiles.makeDirectory(directory);
    } catch (IOException e) {
      throw new LocalBufferException("cannot make the directory " + directory + ": " + e, e);
    }
    this.retry = builder.retry;
    this.key =
        builder
            .keyPair
            .map(ClientKey::of)
            .orElseGet(() -> ClientKey.loadOrMake(directory.resolve(builder.name + ".key")));
    BufferStore store =
        BufferStore.open(directory.resolve(builder.name + ".mv.db"), key.clientId());
    this.ledger = new Ledger(store, key.clientId(), builder.maxPending);
    this.facts = new AtomicReference<>(gather());
    String threads = "varve-local-" + builder.name;
    ThreadFactory daemons =
        work -> {
          Thread thread = new Thread(work, threads);
          thread.setDaemon(true);
          return thread;
        };
    this.ownExecutor =
        builder.executor.isPresent()
            ? Optional.empty()
            : Optional.of(Executors.newSingleThreadExecutor(daemons));
    this.listenerExecutor = builder.executor.orElseGet(ownExecutor::orElseThrow);
    // The HTTP client's: a few short tasks at a time.
    this.httpExecutor = Executors.newCachedThreadPool(daemons);
    HttpClient http =
        HttpClient.newBuilder()
            .connectTimeout(builder.requestTimeout)
            .executor(httpExecutor)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    Gateways gateways = new Gateways(http, builder.gateways, key, builder.requestTimeout);
    this.storeThread =
        new StoreThread(threads + "-store", store, this::afterCommit, this::storeFailed);
    Context context = new Context(gateways);
    this.push = new SyncLoop(threads + "-push", context.loops, new Pushing(context));
    this.pulling = new Pulling(context, builder.silence);
    this.pull = new SyncLoop(threads + "-pull", context.loops, pulling);
    this.told = new AtomicReference<>(status());
    storeThread.start();
    push.start();
    pull.start();
  }

  /** Starts to make a buffer. */
  public static Builder builder() {
    return new Builder();
  }

  /** Who this client is: the RFC 7638 thumbprint of its public key, 43 characters. */
  public String clientId() {
    return key.clientId();
  }

  /** Under which id the buffer's events are numbered now; see {@link BufferMove}. */
  public String bufferId() {
    return facts.get().bufferId();
  }

  /** The identity of the log; empty until a gateway has told it for the first time. */
  public Optional<UUID> logIdentity() {
    return facts.get().logIdentity();
  }

  // --- sources ---

  /**
   * Opens a source with the default fold: the newest event of each key, sorted by key. The newest
   * position wins, this buffer's own events that have not come back lie on top, a tombstone removes
   * its key, and events without a key do not show. Only that is kept in the file.
   *
   * <p>What is kept of it shows at once; then it is followed.
   *
   * @param name the event source
   * @throws IllegalStateException if it is open already, or 64 are
   */
  public LocalSource<Map<String, LocalEvent>> source(String name) {
    return open(name, new LatestFold());
  }

  /**
   * Opens a source with a fold of the application's own. All of its events are kept in the file and
   * folded again when it is opened.
   *
   * @param <S> the state's type; must not be changed in place
   * @param name the event source
   * @param initial the state before the first event
   * @param reduce makes the next state of one and an event. Must be pure: it is called again for
   *     this buffer's own events, on top of the merged state, whenever that has changed, on any
   *     thread. Must not append
   * @throws IllegalStateException if it is open already, or 64 are
   */
  public <S> LocalSource<S> source(String name, S initial, BiFunction<S, LocalEvent, S> reduce) {
    return open(name, new ReduceFold<>(initial, reduce));
  }

  private <S> LocalSource<S> open(String name, Fold<S> fold) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("name: must not be empty");
    }
    LocalSource<S> source =
        await(
            storeThread.submit(
                false,
                () -> {
                  if (ledger.isOpen(name) || sources.size() >= MAX_SOURCES) {
                    throw new StoreThread.RefusedException(
                        new IllegalStateException(
                            ledger.isOpen(name)
                                ? "name: '" + name + "' is open already"
                                : "at most " + MAX_SOURCES + " sources can be open at a time"));
                  }
                  SourceState<S> state =
                      new SourceState<>(name, ledger.number(name, fold.kind()), fold);
                  ledger.open(state);
                  LocalSource<S> opened = new LocalSource<>(this, state);
                  sources.put(name, opened);
                  return opened;
                }));
    pulling.admit(name);
    pull.interrupt();
    return source;
  }

  void close(LocalSource<?> source) {
    try {
      await(
          storeThread.submit(
              false,
              () -> {
                ledger.close(source.sourceState());
                return sources.remove(source.name(), source);
              }));
      pull.interrupt();
    } catch (ClientClosedException e) {
      // Closed with the buffer.
    }
    source.closed(new ClientClosedException("the source was closed"));
  }

  // --- appending ---

  /**
   * Appends an event to any source, open or not; otherwise as {@link LocalSource#append}. Needs no
   * right to read.
   *
   * @return its number in the buffer, from 1
   */
  public long append(NewEvent event) {
    return await(appendAsync(event));
  }

  /** Like {@link #append}, without waiting: the future completes when the event is on disk. */
  public CompletableFuture<Long> appendAsync(NewEvent event) {
    if (event.source().isEmpty() || event.type().isEmpty()) {
      throw new IllegalArgumentException(
          (event.source().isEmpty() ? "event.source" : "event.type") + ": must not be empty");
    }
    String json = EventJson.writeExactly(event);
    int bytes = json.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_EVENT_BYTES) {
      throw new IllegalArgumentException(
          "event: has " + bytes + " bytes as JSON; the limit is " + MAX_EVENT_BYTES);
    }
    CompletableFuture<Long> saved = storeThread.submit(true, () -> ledger.append(event, json));
    return saved;
  }

  /** The events that the log refuses for good, by number. */
  public List<RejectedEvent> rejected() {
    return await(storeThread.submit(false, ledger::rejected));
  }

  /**
   * Gives up a rejected event: it no longer shows, its number goes out as a void, and what was
   * appended after it follows. On disk when this returns.
   *
   * @param clientSequence its number
   * @throws IllegalArgumentException if that is not the number of a rejected event
   */
  public void discard(long clientSequence) {
    await(
        storeThread.submit(
            true,
            () -> {
              ledger.discard(clientSequence);
              return true;
            }));
    push.signal().raise();
  }

  /**
   * Sends rejected events again, and asks again for sources that could not be read: because a right
   * was granted or a limit was raised, say. Waits no longer for a gateway's next try either.
   */
  public void retry() {
    await(
        storeThread.submit(
            true,
            () -> {
              ledger.retryRejected();
              return true;
            }));
    pulling.admitAll();
    push.interrupt();
    pull.interrupt();
  }

  /**
   * Completes when everything that was appended by then, and since, has landed or was discarded;
   * fails with {@link ClientClosedException} if the buffer is closed before.
   */
  public CompletableFuture<Void> landed() {
    CompletableFuture<Void> landed = new CompletableFuture<>();
    landedWaiters.add(landed);
    // Behind what was appended before.
    var unused =
        storeThread
            .submit(false, () -> true)
            .exceptionally(
                error -> {
                  landed.completeExceptionally(error);
                  return false;
                });
    return landed;
  }

  // --- status ---

  /** How the buffer is doing. */
  public LocalStatus status() {
    Facts now = facts.get();
    Link pushing = offline ? Link.UNKNOWN : push.link();
    Link pulling = offline ? Link.UNKNOWN : pull.link();
    Optional<LocalProblem> error =
        Optional.ofNullable(storeProblem).or(pushing::problem).or(pulling::problem);
    boolean up = pushing.state() == Link.State.UP || pulling.state() == Link.State.UP;
    boolean down = pushing.state() == Link.State.DOWN || pulling.state() == Link.State.DOWN;
    State state;
    if (now.rejected() > 0) {
      state = State.REJECTED;
    } else if (!up || down) {
      state = State.OFFLINE;
    } else {
      state = now.pending() == 0 && now.caughtUp() ? State.ONLINE : State.SYNCING;
    }
    return new LocalStatus(state, now.pending(), now.rejected(), error);
  }

  /**
   * Calls a listener with the newest status after it has changed, one call at a time, on the
   * buffer's listener executor.
   */
  public Registration onStatus(Consumer<? super LocalStatus> listener) {
    Consumer<LocalStatus> own = listener::accept;
    statusListeners.add(own);
    return () -> statusListeners.remove(own);
  }

  /** Calls a listener when the buffer goes on under a new buffer id. */
  public Registration onMove(Consumer<? super BufferMove> listener) {
    Consumer<BufferMove> own = listener::accept;
    moveListeners.add(own);
    return () -> moveListeners.remove(own);
  }

  /**
   * Behaves as if no gateway could be reached, until told otherwise; for tests and demonstrations.
   */
  public void simulateOffline(boolean offline) {
    this.offline = offline;
    push.interrupt();
    pull.interrupt();
    statusMayHaveChanged();
  }

  /**
   * Stops pushing and pulling, finishes what is being appended, and closes the file. What has not
   * landed is pushed after the next start. Idempotent.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    push.close();
    pull.close();
    boolean pushed = push.join();
    boolean uninterrupted = pull.join() && pushed;
    storeThread.close();
    ownExecutor.ifPresent(ExecutorService::shutdown);
    httpExecutor.shutdown();
    ClientClosedException reason = new ClientClosedException("the buffer was closed");
    sources.values().forEach(source -> source.closed(reason));
    landedWaiters.forEach(waiter -> waiter.completeExceptionally(reason));
    if (!uninterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // --- within ---

  private Facts gather() {
    return new Facts(
        ledger.bufferId(),
        ledger.logIdentity(),
        ledger.pending(),
        ledger.rejectedCount(),
        ledger.openSources().stream().allMatch(SourceState::caughtUp));
  }

  /** On the store thread. */
  private void afterCommit() {
    Facts before = facts.get();
    Facts now = gather();
    facts.set(now);
    if (now.pending() > before.pending() || !now.bufferId().equals(before.bufferId())) {
      push.signal().raise();
    }
    if (now.pending() == 0) {
      landedWaiters.removeIf(waiter -> waiter.complete(null) || waiter.isDone());
    }
    for (LocalSource<?> source : sources.values()) {
      if (source.sourceState().takeChanged()) {
        source.changed();
      }
    }
    statusMayHaveChanged();
  }

  private void storeFailed(LocalBufferException failure) {
    LOG.error("the buffer's file failed: nothing can be appended", failure);
    storeProblem = new LocalProblem("STORE", String.valueOf(failure.getMessage()));
    statusMayHaveChanged();
  }

  private void statusMayHaveChanged() {
    LocalStatus now = status();
    if (!now.equals(told.getAndSet(now))
        && !statusListeners.isEmpty()
        && tellingStatus.compareAndSet(false, true)) {
      tell(
          () -> {
            tellingStatus.set(false);
            LocalStatus status = status();
            statusListeners.forEach(listener -> listener.accept(status));
          });
    }
  }

  void tell(Runnable telling) {
    try {
      listenerExecutor.execute(
          () -> {
            try {
              telling.run();
            } catch (RuntimeException e) {
              LOG.error("a listener failed", e);
            }
          });
    } catch (RejectedExecutionException e) {
      LOG.debug("nobody is told any more: the executor was shut down", e);
    }
  }

  private <T> T await(CompletableFuture<T> future) {
    if (storeThread.isCurrent()) {
      throw new IllegalStateException(
          "called by a reduce function, which must not append, open or close");
    }
    try {
      // Not ended by an interrupt: what was handed to the file is in it, whoever waits for that.
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** What the loops see of this. */
  private final class Context extends Sync {
    private final Gateways gateways;
    private final SyncLoop.Context loops =
        new SyncLoop.Context() {
          @Override
          public boolean offline() {
            return offline;
          }

          @Override
          public RetryPolicy retry() {
            return retry;
          }

          @Override
          public void linkChanged() {
            statusMayHaveChanged();
          }
        };

    Context(Gateways gateways) {
      this.gateways = gateways;
    }

    @Override
    Gateways gateways() {
      return gateways;
    }

    @Override
    StoreThread storeThread() {
      return storeThread;
    }

    @Override
    Ledger ledger() {
      return ledger;
    }

    @Override
    String clientId() {
      return key.clientId();
    }

    @Override
    Link pushLink() {
      return push.link();
    }

    @Override
    void pushLink(Link link) {
      push.link(link);
    }

    @Override
    void pullLink(Link link) {
      pull.link(link);
    }

    @Override
    Signal pushSignal() {
      return push.signal();
    }

    @Override
    Signal pullSignal() {
      return pull.signal();
    }

    @Override
    void moved(BufferMove move) {
      LOG.warn("{}: {} events go on under a new buffer id: {}", move.reason(), move.moved(), move);
      tell(() -> moveListeners.forEach(listener -> listener.accept(move)));
    }
  }

  /** Makes a {@link LocalBuffer}. Not thread-safe. */
  public static final class Builder {
    private final List<URI> gateways = new ArrayList<>();
    private @Nullable Path directory;
    private String name = "default";
    private Optional<KeyPair> keyPair = Optional.empty();
    private Optional<Executor> executor = Optional.empty();
    private Duration requestTimeout = Duration.ofSeconds(30);
    private Duration silence = Duration.ofSeconds(45);
    private RetryPolicy retry =
        new RetryPolicy(Duration.ofMillis(250), Duration.ofSeconds(30), 2.0, Integer.MAX_VALUE);
    private long maxPending = 100_000;

    private Builder() {}

    /**
     * A gateway's address, such as {@code https://gateway.example:8443}. Name several, and they are
     * tried in turn.
     *
     * @throws IllegalArgumentException if it is not an {@code http} or {@code https} URI, or has a
     *     query or a fragment
     */
    public Builder gateway(URI... addresses) {
      for (URI address : addresses) {
        String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
        if (!(scheme.equals("http") || scheme.equals("https"))
            || address.getHost() == null
            || address.getQuery() != null
            || address.getFragment() != null) {
          throw new IllegalArgumentException(
              "gateway: must be http:// or https://, a host and perhaps a port: " + address);
        }
        gateways.add(address);
      }
      return this;
    }

    /** Where the buffer's file and its key lie; made if it does not exist. On a local disk. */
    public Builder directory(Path directory) {
      this.directory = Objects.requireNonNull(directory, "directory");
      return this;
    }

    /**
     * The buffer's name within the directory, {@code default} unless set: the files are {@code
     * NAME.mv.db} and {@code NAME.key}.
     *
     * @param name 1 to 64 letters, digits, {@code .}, {@code _} or {@code -}, the first of them a
     *     letter or a digit
     */
    public Builder name(String name) {
      if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")) {
        throw new IllegalArgumentException(
            "name: 1 to 64 letters, digits, '.', '_' or '-', the first a letter or a digit: "
                + name);
      }
      this.name = name;
      return this;
    }

    /** The client's key pair, on P-256, instead of one that is made and kept in the directory. */
    public Builder keyPair(KeyPair keyPair) {
      this.keyPair = Optional.of(keyPair);
      return this;
    }

    /**
     * Where listeners are called, instead of a thread of the buffer's own. For one call at a time
     * and calls in order it must run one task after the other.
     */
    public Builder executor(Executor executor) {
      this.executor = Optional.of(executor);
      return this;
    }

    /** How long to wait for a connection, and for an answer; 30 s unless set. */
    public Builder requestTimeout(Duration requestTimeout) {
      this.requestTimeout = positive(requestTimeout, "requestTimeout");
      return this;
    }

    /**
     * After how long without a byte a stream is given up; 45 s unless set. Gateways send something
     * every 15 s.
     */
    public Builder streamTimeout(Duration streamTimeout) {
      this.silence = positive(streamTimeout, "streamTimeout");
      return this;
    }

    /**
     * How to wait between attempts: 250 ms doubling to 30 s with full jitter unless set. What a
     * gateway asks for is waited in any case. {@code maxAttempts} means nothing here: a buffer
     * never gives up.
     */
    public Builder retry(RetryPolicy retry) {
      this.retry = Objects.requireNonNull(retry, "retry");
      return this;
    }

    /** How many events may wait to land, 1 to 10,000,000; 100,000 unless set. */
    public Builder maxPending(int maxPending) {
      if (maxPending < 1 || maxPending > 10_000_000) {
        throw new IllegalArgumentException("maxPending: 1 to 10,000,000: " + maxPending);
      }
      this.maxPending = maxPending;
      return this;
    }

    /**
     * Opens the buffer. Does not wait for a gateway.
     *
     * @throws IllegalStateException if no gateway or no directory was named
     * @throws LocalBufferException if the file is open already, here or in another process, belongs
     *     to another key, or cannot be used
     */
    public LocalBuffer open() {
      if (gateways.isEmpty()) {
        throw new IllegalStateException("gateway: name at least one");
      }
      if (directory == null) {
        throw new IllegalStateException("directory: name one");
      }
      return new LocalBuffer(this);
    }

    private static Duration positive(Duration duration, String name) {
      if (duration.isZero() || duration.isNegative()) {
        throw new IllegalArgumentException(name + ": must be positive: " + duration);
      }
      return duration;
    }
  }
}
