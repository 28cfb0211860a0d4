package io.varve.gateway.sse;

import com.codahale.metrics.MetricRegistry;
import com.linecorp.armeria.common.RequestHeaders;
import io.varve.client.VarveClient;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.identity.Authenticator;
import io.varve.gateway.identity.Caller;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import io.varve.gateway.problem.Problems;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the streams of all clients and the subscriptions they share meet.
 *
 * <p>One thread owns what is shared: it takes what comes from upstream, offers it to streams, lets
 * them join, and watches the time. It never waits. Reads of older events wait on a few threads of
 * their own.
 *
 * <p>A selection is followed by a subscription of its own as long as there are few of them; past
 * that, streams share one subscription of the whole log, out of which the gateway picks. So a few
 * followers of a huge log cost what they need, and very many cost the log, once.
 */
final class Hub {
  private static final Logger LOG = LoggerFactory.getLogger(Hub.class);

  /** How often time is looked at; a tenth of that when some time of the options is short. */
  private static final Duration TICK = Duration.ofSeconds(1);

  /** Who takes nothing for this long gives way when memory is short. */
  private static final Duration SLOW = Duration.ofSeconds(10);

  /** How long a page waits when memory is short. */
  private static final Duration SHORTAGE = Duration.ofMillis(100);

  /** How long to look for the new identity of a log that was replaced. */
  private static final Duration IDENTITY_LIMIT = Duration.ofSeconds(5);

  private static final Selection WHOLE_LOG = new Selection.WholeLog();

  private final Cluster cluster;
  private final Authenticator authenticator;
  private final StreamOptions options;
  private final Clock clock;
  private final StreamMetrics metrics;
  private final ScheduledThreadPoolExecutor thread;
  private final ExecutorService readers;
  private final AtomicLong buffered = new AtomicLong();
  private final AtomicInteger open = new AtomicInteger();
  private final CompletableFuture<Void> over = new CompletableFuture<>();

  private volatile History history;
  private volatile int share;
  private volatile boolean closing;
  private volatile int behind;
  private volatile int upstreams;

  // Touched by the hub's thread only.
  private final Set<ClientStream> streams = new LinkedHashSet<>();
  private final Map<RequestHeaders, Session> sessions = new HashMap<>();
  private long closingNanos;

  Hub(
      Cluster cluster,
      Authenticator authenticator,
      StreamOptions options,
      MetricRegistry registry,
      Clock clock) {
    this.cluster = cluster;
    this.authenticator = authenticator;
    this.options = options;
    this.clock = clock;
    this.share = options.streamBufferBytes();
    this.thread = new ScheduledThreadPoolExecutor(1, daemon("varve-gateway-streams"));
    this.thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    this.thread.setRemoveOnCancelPolicy(true);
    // At most one task of each stream waits here.
    this.readers =
        new ThreadPoolExecutor(
            options.readers(),
            options.readers(),
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            daemon("varve-gateway-reads"));
    this.metrics = new StreamMetrics(registry, this);
    // Told before asked: one that takes this one's place in between is not missed.
    this.history = new History(cluster.client());
    cluster.onReplaced(this::replaced);
    replaced();
    long tick = tick(options).toNanos();
    ScheduledFuture<?> unused =
        thread.scheduleWithFixedDelay(guarded(this::tick), tick, tick, TimeUnit.NANOSECONDS);
  }

  private static ThreadFactory daemon(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }

  private static Duration tick(StreamOptions options) {
    Duration shortest = TICK;
    for (Duration time :
        List.of(
            options.heartbeat(),
            options.recheck(),
            options.linger(),
            options.stallLimit(),
            options.drain(),
            options.checkpointInterval())) {
      Duration tenth = time.dividedBy(10);
      shortest = tenth.compareTo(shortest) < 0 ? tenth : shortest;
    }
    return shortest.compareTo(Duration.ofMillis(10)) < 0 ? Duration.ofMillis(10) : shortest;
  }

  // ---- for everybody ----

  StreamOptions options() {
    return options;
  }

  StreamMetrics metrics() {
    return metrics;
  }

  Instant now() {
    return clock.instant();
  }

  History history() {
    return history;
  }

  boolean isClosing() {
    return closing;
  }

  /** How much one stream may hold now, in bytes. */
  int share() {
    return share;
  }

  /** So many bytes more lie here. */
  void buffered(long bytes) {
    buffered.addAndGet(bytes);
  }

  long bufferedBytes() {
    return buffered.get();
  }

  int streams() {
    return open.get();
  }

  int streamsBehind() {
    return behind;
  }

  int upstreams() {
    return upstreams;
  }

  /** Runs a task on the hub's thread; once the hub is closed, never. */
  void execute(Runnable task) {
    try {
      thread.execute(guarded(task));
    } catch (RejectedExecutionException closed) {
      LOG.debug("the streams are closed");
    }
  }

  /** Runs a task on the hub's thread, later. */
  void later(Runnable task, Duration wait) {
    try {
      ScheduledFuture<?> unused =
          thread.schedule(guarded(task), wait.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException closed) {
      LOG.debug("the streams are closed");
    }
  }

  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error fault) {
        LOG.error("a fault in the streams", fault);
        if (fault instanceof Error error) {
          throw error;
        }
      }
    };
  }

  // ---- streams ----

  /**
   * A stream begins. Any thread may say so.
   *
   * @param firstAndLast whether its first words are its last
   */
  void begin(
      ClientStream stream,
      RequestHeaders credentials,
      Caller caller,
      List<Frame> words,
      boolean firstAndLast) {
    open.incrementAndGet();
    metrics.opened();
    execute(
        () -> {
          streams.add(stream);
          updateShare();
          Session session = sessions.computeIfAbsent(credentials, key -> new Session(key, caller));
          session.streams.add(stream);
          stream.session = session;
          if (caller.expires().isPresent()
              && Duration.between(now(), caller.expires().get()).compareTo(options.expiryNotice())
                  <= 0) {
            stream.expectExpiry();
          }
          if (firstAndLast) {
            stream.end(words);
            return;
          }
          if (closing) {
            List<Frame> all = new ArrayList<>(words);
            all.addAll(handOver());
            stream.end(all);
            return;
          }
          stream.start(words);
          if (stream.history().isOver()) {
            reset(List.of(stream));
          }
        });
  }

  /** A stream's connection has ended. Any thread may say so. */
  void ended(ClientStream stream) {
    stream.ended();
    open.decrementAndGet();
    execute(
        () -> {
          if (!streams.remove(stream)) {
            return;
          }
          updateShare();
          Feed feed = stream.feed;
          if (feed != null) {
            feed.detach(stream);
          }
          Session session = stream.session;
          if (session != null) {
            session.streams.remove(stream);
            if (session.streams.isEmpty()) {
              sessions.remove(session.credentials, session);
            }
          }
          closeIfOver();
        });
  }

  /** A stream fails for good. */
  void fail(ClientStream stream, Throwable failure) {
    noticed(stream.history(), failure);
    if (stream.history().isOver()) {
      // Another log: it is told so.
      return;
    }
    Problem problem = Problems.of(failure);
    stream.end(
        problem.code() == ProblemCode.UNAVAILABLE
            ? List.of(Frame.reconnect("unavailable"))
            : List.of(Frame.problem(problem)));
  }

  private void updateShare() {
    long each = options.bufferBytes() / Math.max(1, streams.size());
    share =
        (int)
            Math.max(StreamOptions.LEAST_SHARE_BYTES, Math.min(each, options.streamBufferBytes()));
  }

  // ---- fetching ----

  /** A stream lacks events. Any thread may say so. */
  void fetchSoon(ClientStream stream) {
    execute(() -> fetch(stream));
  }

  /** Gives a stream what it lacks: from memory if it is there, else by reading it. */
  void fetch(ClientStream stream) {
    if (!streams.contains(stream) || stream.history().isOver()) {
      return;
    }
    if (buffered.get() > options.bufferBytes()) {
      later(() -> fetch(stream), SHORTAGE);
      return;
    }
    Feed feed = stream.feed;
    if (feed == null || feed.isClosed()) {
      feed = feedFor(stream);
      feed.attach();
      stream.feed = feed;
    }
    if (feed.join(stream) == Feed.Join.MISSED) {
      long atLeast = Math.max(feed.upTo(), stream.upTo());
      try {
        readers.execute(() -> read(stream, atLeast));
      } catch (RejectedExecutionException closed) {
        LOG.debug("the streams are closed");
      }
    }
  }

  private void read(ClientStream stream, long atLeast) {
    try {
      metrics.page();
      stream.page(
          CatchUp.read(
              stream.history().client,
              stream.selection(),
              stream.upTo(),
              atLeast,
              share,
              stream.typicalBytes()));
      execute(stream.backoff::reset);
    } catch (RuntimeException failure) {
      execute(
          () -> {
            if (Retries.isWorthwhile(failure)) {
              noticed(stream.history(), failure);
              later(() -> fetch(stream), stream.backoff.next());
            } else {
              fail(stream, failure);
            }
          });
    }
  }

  private Feed feedFor(ClientStream stream) {
    Map<Selection, Feed> feeds = stream.history().feeds;
    Selection selection = stream.selection();
    Feed existing = feeds.get(selection);
    if (existing != null) {
      return existing;
    }
    Feed wholeLog = feeds.get(WHOLE_LOG);
    if (wholeLog != null) {
      return wholeLog;
    }
    if (selection.equals(WHOLE_LOG) || selection.subscription().isEmpty()) {
      return openFeed(stream.history(), WHOLE_LOG);
    }
    if (feeds.size() >= options.maxSelections()) {
      closeIdle(stream.history(), Duration.ZERO);
    }
    return openFeed(
        stream.history(), feeds.size() < options.maxSelections() ? selection : WHOLE_LOG);
  }

  private Feed openFeed(History history, Selection selection) {
    long bytes =
        selection.equals(WHOLE_LOG)
            ? options.ringBytes() / 2
            : options.ringBytes() / 2 / Math.max(1, options.maxSelections());
    Feed feed = new Feed(this, history, selection, bytes, options.checkpointPositions());
    history.feeds.put(selection, feed);
    feed.open();
    upstreams = history.feeds.size();
    return feed;
  }

  private void closeIdle(History history, Duration linger) {
    long now = System.nanoTime();
    for (Feed feed : List.copyOf(history.feeds.values())) {
      if (feed.isIdle(linger, now)) {
        feed.close();
      }
    }
    upstreams = history.feeds.size();
  }

  // ---- another log ----

  /** A call with a history's client failed. */
  void noticed(History used, Throwable failure) {
    cluster.noticed(used.client, failure);
    replaced(); // If it is: whoever noticed it first may not have told it yet.
  }

  /** Ends the history if the log has been replaced; else it is no more than a look. */
  private void replaced() {
    History ended;
    synchronized (this) {
      ended = history;
      VarveClient client = cluster.client();
      if (ended.client == client) {
        return;
      }
      history = new History(client);
      ended.end();
    }
    execute(
        () -> {
          List.copyOf(ended.feeds.values()).forEach(Feed::close);
          reset(streams.stream().filter(stream -> stream.history() == ended).toList());
        });
  }

  private void reset(List<ClientStream> ended) {
    ended.forEach(ClientStream::halt);
    CompletableFuture<Void> unused =
        cluster
            .identity()
            .orTimeout(IDENTITY_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
            .handle(
                (identity, failure) -> {
                  Optional<UUID> known = failure == null ? Optional.of(identity) : Optional.empty();
                  List<Frame> last =
                      List.of(
                          Frame.reset(
                              known,
                              "the log has another identity: the cluster was restored or"
                                  + " replaced"));
                  ended.forEach(stream -> stream.end(last));
                  return null;
                });
  }

  // ---- time ----

  private void tick() {
    long nowNanos = System.nanoTime();
    Instant now = now();
    int lacking = 0;
    for (ClientStream stream : List.copyOf(streams)) {
      stream.tick(nowNanos, now);
      lacking += stream.isBehind() ? 1 : 0;
    }
    behind = lacking;
    for (Feed feed : history.feeds.values()) {
      feed.sweep(nowNanos);
    }
    closeIdle(history, options.linger());
    relieve(nowNanos);
    for (Session session : List.copyOf(sessions.values())) {
      if (!session.checking && nowNanos - session.checkedNanos >= options.recheck().toNanos()) {
        check(session);
      }
    }
    if (closing && nowNanos - closingNanos >= options.drain().toNanos()) {
      List.copyOf(streams).forEach(ClientStream::cut);
    }
  }

  /** When memory is short, those who have taken nothing for longest give way. */
  private void relieve(long nowNanos) {
    long excess = buffered.get() - options.bufferBytes();
    if (excess <= 0) {
      return;
    }
    List<ClientStream> slow =
        new ArrayList<>(
            streams.stream()
                .filter(stream -> stream.stalledNanos(nowNanos) >= SLOW.toNanos())
                .toList());
    slow.sort(
        Comparator.comparingLong((ClientStream stream) -> stream.stalledNanos(nowNanos))
            .reversed());
    for (ClientStream stream : slow) {
      if (excess <= 0) {
        return;
      }
      excess -= stream.bufferedBytes();
      metrics.cutSlow();
      stream.cut();
    }
  }

  private void check(Session session) {
    session.checking = true;
    CompletableFuture<Caller> asked;
    try {
      asked = authenticator.authenticate(session.credentials);
    } catch (RuntimeException failure) {
      asked = CompletableFuture.failedFuture(failure);
    }
    CompletableFuture<Void> unused =
        asked.handle(
            (caller, failure) -> {
              execute(
                  () -> {
                    session.checking = false;
                    session.checkedNanos = System.nanoTime();
                    if (failure == null) {
                      confirmed(session, caller);
                    } else {
                      refused(session, Problems.unwrap(failure));
                    }
                  });
              return null;
            });
  }

  private static void confirmed(Session session, Caller caller) {
    session.confirmed(caller);
    for (ClientStream stream : session.streams) {
      try {
        stream.selection().requireRead(caller);
      } catch (ProblemException withdrawn) {
        stream.end(List.of(Frame.problem(withdrawn.problem())));
      }
    }
  }

  private void refused(Session session, Throwable failure) {
    if (!(failure instanceof ProblemException refusal)) {
      LOG.warn("a token could not be checked; its streams go on until it ends", failure);
      return;
    }
    Problem problem = refusal.problem();
    List<Frame> last;
    switch (problem.status().code()) {
      case 401 -> last = List.of(Frame.reauthenticate(session.expires().orElseGet(this::now)));
      case 403 -> last = List.of(Frame.problem(problem));
      default -> {
        LOG.info("a token could not be checked; its streams go on: {}", problem.detail());
        return;
      }
    }
    session.streams.forEach(stream -> stream.end(last));
  }

  // ---- closing ----

  /** Hands all clients over to whoever takes them next, and closes. */
  CompletableFuture<Void> shutdown() {
    closing = true;
    execute(
        () -> {
          closingNanos = System.nanoTime();
          List.copyOf(streams).forEach(stream -> stream.end(handOver()));
          closeIfOver();
        });
    return over;
  }

  /** They come back spread over 2 to 10 s, the more of them the longer. */
  private List<Frame> handOver() {
    long spread = Math.max(2_000, Math.min(10_000, 2L * streams.size()));
    long retry = 500 + ThreadLocalRandom.current().nextLong(spread);
    return List.of(Frame.retry(retry), Frame.reconnect("shutdown"));
  }

  private void closeIfOver() {
    if (closing && streams.isEmpty()) {
      List.copyOf(history.feeds.values()).forEach(Feed::close);
      upstreams = 0;
      thread.shutdown();
      readers.shutdownNow();
      over.complete(null);
    }
  }
}
