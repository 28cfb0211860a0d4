package io.varve.client.projections;

import io.varve.client.ClientClosedException;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.client.InvalidArgumentException;
import io.varve.client.LogIdentityMismatchException;
import io.varve.client.LogNotFoundException;
import io.varve.client.OutOfRangeException;
import io.varve.client.PermissionDeniedException;
import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import io.varve.client.SubscribeOptions;
import io.varve.client.SubscriptionItem;
import io.varve.client.SubscriptionItem.CaughtUp;
import io.varve.client.SubscriptionStream;
import io.varve.client.UnauthenticatedException;
import io.varve.client.UnimplementedException;
import io.varve.client.VarveClient;
import io.varve.client.VarveException;
import io.varve.client.projections.CheckpointCommit.Change;
import io.varve.client.projections.CheckpointCommit.Extend;
import io.varve.client.projections.CheckpointCommit.Park;
import io.varve.client.projections.CheckpointCommit.Release;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies the events of one partition, for as long as this runner owns it: claims it, follows the
 * log from its checkpoint on, and commits in batches. All but {@link #stop}, {@link #wake} and
 * {@link #interrupt} happens on its own thread.
 *
 * <p>What fails outside a handler is mended in one way: everything in memory is dropped, the
 * partition is claimed again under the same token, and what its checkpoint then says is the truth,
 * whether the commit that was under way had happened or not.
 *
 * @param <T> the transaction of the store
 */
final class PartitionWorker<T> implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(PartitionWorker.class);

  private static final Duration POLL = Duration.ofMillis(100);
  private static final int BATCH_BYTES = 4 << 20;

  /** How many items are looked at for one batch: those of other partitions cost little. */
  private static final int BATCH_ITEMS = 4_096;

  private static final int REPLAY_SLICE = 100;
  private static final int MAX_ATTEMPTS = 1_000;

  /** After how many positions, or how long, a checkpoint is stored that nothing was applied for. */
  private static final long PASSIVE_POSITIONS = 10_000;

  private static final long PASSIVE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long ACTIONS_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long FAILURE_BACKOFF_MILLIS = 50;
  private static final long MAX_FAILURE_BACKOFF_MILLIS = 2_000;

  /** Hears of a worker's end; called on its thread, as the last thing it does. */
  @FunctionalInterface
  interface Listener {
    /**
     * The worker has ended.
     *
     * @param why empty = it was told to stop; {@link FencedException} = somebody else has the
     *     partition; otherwise why the projection cannot go on at all
     */
    void ended(PartitionWorker<?> worker, Optional<Throwable> why);
  }

  private final VarveClient client;
  private final Projection<T> projection;
  private final CheckpointStore<T> store;
  private final ProjectionPartition partition;
  private final Progress progress;
  private final Counters counters;
  private final Listener listener;
  private final Thread thread;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private volatile boolean actionsAsked;

  // The worker's thread only.
  private long token;
  private long stored;
  private long position;
  private long storedNanos;
  private long actionsNanos;
  private int failures;
  private boolean blocked;
  private final Map<String, ParkedSource> parked = new LinkedHashMap<>();

  /**
   * A worker that waits to be started.
   *
   * @param token the fencing token from the lease; 0 = take the store's next
   */
  PartitionWorker(
      VarveClient client,
      Projection<T> projection,
      int number,
      long token,
      Progress progress,
      Counters counters,
      Listener listener) {
    this.client = client;
    this.projection = projection;
    this.store = projection.store();
    this.partition = new ProjectionPartition(projection.name(), projection.generation(), number);
    this.token = token;
    this.progress = progress;
    this.counters = counters;
    this.listener = listener;
    this.thread = new Thread(this, "varve-projection-" + partition);
    this.thread.setDaemon(true);
  }

  int number() {
    return partition.number();
  }

  void start() {
    thread.start();
  }

  /** Asks it to end after the commit that is under way. Returns at once. */
  void stop() {
    stopping.countDown();
  }

  /** Interrupts a handler that does not come back. */
  void interrupt() {
    thread.interrupt();
  }

  /** Tells it that something was asked for a parked source. */
  void wake() {
    actionsAsked = true;
  }

  /** Whether its thread has ended, after waiting for that at most this long. */
  boolean hasEnded(Duration within) {
    try {
      thread.join(Math.max(1, within.toMillis()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return !thread.isAlive();
  }

  private boolean stopped() {
    return stopping.getCount() == 0;
  }

  @Override
  public void run() {
    Optional<Throwable> why = Optional.empty();
    try {
      while (!stopped()) {
        try {
          session();
        } catch (FencedException e) {
          throw e;
        } catch (CheckpointStoreException | VarveException e) {
          failed(e);
        }
      }
    } catch (FencedException e) {
      counters.fenced.increment();
      LOG.info("{} is given up: {}", partition, e.getMessage());
      why = Optional.of(e);
    } catch (Throwable e) {
      if (!stopped()) {
        LOG.error("projection {} cannot go on", partition, e);
        why = Optional.of(e);
      }
    } finally {
      progress.end(number(), this);
      listener.ended(this, why);
    }
  }

  /** The log or the store is away: start again from the checkpoint, unless that is of no use. */
  private void failed(RuntimeException e) {
    if (isFinal(e)) {
      throw e;
    }
    if (stopped()) {
      return;
    }
    counters.storeFailures.increment();
    long millis =
        Math.min(MAX_FAILURE_BACKOFF_MILLIS, FAILURE_BACKOFF_MILLIS << Math.min(failures, 10));
    failures++;
    LOG.warn("{} starts again from its checkpoint in {} ms: {}", partition, millis, e.toString());
    LOG.debug("why {} starts again", partition, e);
    pause(jittered(millis));
  }

  private static boolean isFinal(RuntimeException e) {
    return e instanceof LogIdentityMismatchException
        || e instanceof OutOfRangeException
        || e instanceof InvalidArgumentException
        || e instanceof LogNotFoundException
        || e instanceof PermissionDeniedException
        || e instanceof UnauthenticatedException
        || e instanceof UnimplementedException
        || e instanceof ClientClosedException;
  }

  private static long jittered(long millis) {
    return millis / 2 + ThreadLocalRandom.current().nextLong(millis / 2 + 1);
  }

  /** Waits, unless it is told to stop meanwhile. */
  private void pause(long millis) {
    try {
      boolean unused = stopping.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      stop();
    }
  }

  // ---- one claim and one subscription ----

  private void session() throws Exception {
    Checkpoint checkpoint = token == 0 ? store.claimNext(partition) : store.claim(partition, token);
    token = checkpoint.token();
    stored = checkpoint.position();
    position = stored;
    storedNanos = System.nanoTime();
    actionsAsked = true;
    blocked = false;
    parked.clear();
    checkpoint.parked().forEach(source -> parked.put(source.source(), source));
    progress.begin(number(), this, local());
    try (SubscriptionStream items = client.follow(options())) {
      while (!stopped()) {
        actOnParked();
        Optional<SubscriptionItem> first = poll(items);
        if (first.isEmpty()) {
          idle();
        } else {
          take(items, first.get());
        }
        failures = 0;
      }
    }
    storePosition();
  }

  private SubscribeOptions options() {
    SubscribeOptions.Builder options = SubscribeOptions.builder().afterPosition(position);
    projection.filter().ifPresent(options::filter);
    return options.build();
  }

  private Optional<SubscriptionItem> poll(SubscriptionStream items) {
    long before = System.nanoTime();
    Optional<SubscriptionItem> item = items.poll(POLL);
    if (item.isEmpty() && System.nanoTime() - before < POLL.toNanos() / 2 && !stopped()) {
      // It did not wait: the subscription is over, since the client was closed under it.
      progress.head(client.head(ReadConsistency.local()).position());
      pause(POLL.toMillis());
    }
    return item;
  }

  /** What has arrived by now, up to a batch. */
  private void take(SubscriptionStream items, SubscriptionItem first) throws Exception {
    List<Event> events = new ArrayList<>();
    long bytes = 0;
    long upTo = position;
    int looked = 0;
    Optional<SubscriptionItem> item = Optional.of(first);
    while (item.isPresent()) {
      if (item.get() instanceof Event event) {
        upTo = event.position();
        if (isMine(event)) {
          events.add(event);
          bytes += event.data().size() + event.metadata().size();
        }
      } else if (item.get() instanceof CaughtUp caughtUp) {
        upTo = Math.max(upTo, caughtUp.position());
      } else if (item.get() instanceof SubscriptionItem.Checkpoint skipped) {
        upTo = Math.max(upTo, skipped.position());
      }
      looked++;
      if (events.size() >= projection.batchEvents()
          || bytes >= BATCH_BYTES
          || looked >= BATCH_ITEMS) {
        break;
      }
      item = items.poll(Duration.ZERO);
    }
    progress.head(upTo);
    apply(events, upTo);
  }

  private boolean isMine(Event event) {
    return !Projection.isReserved(event)
        && Partitioner.partition(event.source(), projection.partitions()) == number();
  }

  // ---- applying ----

  private void apply(List<Event> events, long upTo) throws Exception {
    int from = 0;
    while (from < events.size()) {
      int end = fitting(events, from);
      if (stopped()) {
        return;
      }
      long to = end == events.size() ? upTo : events.get(end - 1).position();
      HandlerFailure failure = tryCommit(events, from, end, to, true);
      if (failure == null) {
        from = end;
        continue;
      }
      // What came before it is committed without it.
      int failed = failure.index();
      while (failed > from) {
        long before = events.get(failed - 1).position();
        // Without a transaction its effects are there already.
        HandlerFailure earlier = tryCommit(events, from, failed, before, store.transactional());
        if (earlier == null) {
          from = failed;
        } else {
          failure = earlier;
          failed = earlier.index();
        }
      }
      if (!retryOrPark(events, failed, failure)) {
        return;
      }
      from = failed + 1;
    }
    reached(Math.max(position, upTo));
  }

  /** Applies one run of events in one transaction; what failed, if a handler did. */
  private @Nullable HandlerFailure tryCommit(
      List<Event> events, int from, int end, long to, boolean handle) throws Exception {
    Map<String, ParkedSource> extended = new LinkedHashMap<>();
    List<Integer> toApply = new ArrayList<>();
    for (int i = from; i < end; i++) {
      Event event = events.get(i);
      ParkedSource source = extended.getOrDefault(event.source(), parked.get(event.source()));
      if (source == null) {
        toApply.add(i);
      } else {
        extended.put(event.source(), source.extended(event));
      }
    }
    List<Change> changes = new ArrayList<>();
    extended
        .values()
        .forEach(
            source ->
                changes.add(new Extend(source.source(), source.lastPosition(), source.events())));
    try {
      store.commit(
          new CheckpointCommit(partition, token, stored, to, changes),
          transaction -> {
            if (handle) {
              for (int i : toApply) {
                handle(i, events.get(i), transaction);
              }
            }
          });
    } catch (HandlerFailure failure) {
      return failure;
    }
    parked.putAll(extended);
    counters.applied.add(toApply.size());
    counters.parked.add((long) end - from - toApply.size());
    committed(to);
    return null;
  }

  private void handle(int index, Event event, T transaction) throws HandlerFailure {
    try {
      projection.handler().handle(event, transaction);
    } catch (StackOverflowError e) {
      throw new HandlerFailure(index, e);
    } catch (VirtualMachineError e) {
      throw e;
    } catch (Throwable e) {
      throw new HandlerFailure(index, e);
    }
  }

  /** How far a run can go before more of some source would be parked than may be. */
  private int fitting(List<Event> events, int from) throws Exception {
    while (true) {
      Map<String, Long> counts = new HashMap<>();
      int end = from;
      while (end < events.size()) {
        String source = events.get(end).source();
        ParkedSource at = parked.get(source);
        if (at != null
            && counts.merge(source, 1L, Long::sum) + at.events() > projection.maxParkedEvents()) {
          break;
        }
        end++;
      }
      if (end > from || stopped()) {
        block(false);
        return end;
      }
      block(true);
      pause(POLL.toMillis());
      actOnParked();
    }
  }

  /** Whether the event is behind us: applied or parked; if not, the worker is to stop. */
  private boolean retryOrPark(List<Event> events, int index, HandlerFailure first)
      throws Exception {
    Event event = events.get(index);
    HandlerFailure failure = first;
    int attempts = failure.isTransient() ? 0 : 1;
    int tries = 1;
    int limit = Math.min(projection.retry().maxAttempts(), MAX_ATTEMPTS);
    while (true) {
      if (stopped()) {
        return false;
      }
      if (attempts >= limit && !failure.isTransient()) {
        if (parked.size() < projection.maxParkedSources()) {
          block(false);
          park(event, failure.getCause());
          return true;
        }
        block(true);
        actOnParked();
      } else {
        LOG.info(
            "{} could not apply position {} of '{}', attempt {}: {}",
            partition,
            event.position(),
            event.source(),
            tries,
            String.valueOf(failure.getCause()));
      }
      pause(backoffMillis(tries));
      if (stopped()) {
        return false;
      }
      counters.retried.increment();
      tries++;
      HandlerFailure next = tryCommit(events, index, index + 1, event.position(), true);
      if (next == null) {
        block(false);
        return true;
      }
      failure = next;
      if (!failure.isTransient()) {
        attempts++;
      }
    }
  }

  private long backoffMillis(int tries) {
    double bound =
        (double) projection.retry().initialBackoff().toMillis()
            * Math.pow(projection.retry().multiplier(), Math.min(tries - 1, 64));
    return jittered(
        Math.max(1, (long) Math.min(bound, (double) projection.retry().maxBackoff().toMillis())));
  }

  private void park(Event event, @Nullable Throwable cause) throws Exception {
    ParkedSource source =
        ParkedSource.of(event, number(), cause == null ? new IllegalStateException() : cause);
    store.commit(
        new CheckpointCommit(
            partition,
            token,
            stored,
            event.position(),
            List.of(new Park(source, ParkedAction.NONE))),
        transaction -> {});
    parked.put(source.source(), source);
    counters.parked.increment();
    LOG.warn(
        "{} parked source '{}' at position {}", partition, event.source(), event.position(), cause);
    committed(event.position());
  }

  private void committed(long to) {
    stored = to;
    storedNanos = System.nanoTime();
    reached(to);
  }

  private void reached(long to) {
    position = to;
    progress.at(number(), this, local());
    if (position - stored >= PASSIVE_POSITIONS || System.nanoTime() - storedNanos > PASSIVE_NANOS) {
      storePosition();
    }
  }

  private Progress.Local local() {
    return new Progress.Local(position, List.copyOf(parked.values()), blocked);
  }

  private void block(boolean now) {
    if (blocked != now) {
      blocked = now;
      if (now) {
        LOG.error(
            "{} is blocked: {} sources are parked, and no more may be; resume or skip some",
            partition,
            parked.size());
      }
      progress.at(number(), this, local());
    }
  }

  // ---- when nothing comes ----

  private void idle() {
    // A filter may have skipped the newest events; the node says so only when the head moves on.
    if (projection.filter().isPresent()
        && (progress.awaited() > position
            || (progress.head() > position && System.nanoTime() - storedNanos > PASSIVE_NANOS))) {
      skipWhatDoesNotMatch();
    }
    reached(position);
  }

  private void skipWhatDoesNotMatch() {
    ReadOptions options =
        ReadOptions.builder()
            .filter(projection.filter().orElseThrow())
            .fromPosition(position + 1)
            .limit(1)
            .consistency(ReadConsistency.local())
            .build();
    try (EventStream events = client.read(options)) {
      Iterator<Event> found = events.iterator();
      // An event that is found is about to come by the subscription.
      if (!found.hasNext() && events.head() > position) {
        progress.head(events.head());
        position = events.head();
      }
    }
  }

  /** Remembers a stretch without events of this partition, so that it is not walked again. */
  private void storePosition() {
    if (position <= stored) {
      return;
    }
    try {
      store.commit(
          new CheckpointCommit(partition, token, stored, position, List.of()), transaction -> {});
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new CheckpointStoreException("a commit without work failed: " + e, e);
    }
    stored = position;
    storedNanos = System.nanoTime();
  }

  // ---- parked sources ----

  private void actOnParked() throws Exception {
    if (parked.isEmpty() || !(actionsAsked || System.nanoTime() - actionsNanos > ACTIONS_NANOS)) {
      return;
    }
    actionsAsked = false;
    actionsNanos = System.nanoTime();
    for (ParkedSource asked : store.claim(partition, token).parked()) {
      if (asked.action() != ParkedAction.NONE && parked.containsKey(asked.source())) {
        parked.put(asked.source(), asked);
        act(asked);
      }
    }
    progress.at(number(), this, local());
  }

  private void act(ParkedSource source) throws Exception {
    switch (source.action()) {
      case NONE -> {}
      case SKIP_ALL -> {
        release(source);
        counters.skipped.add(source.events());
      }
      case SKIP_EVENT -> {
        ParkedSource rest =
            source.from(
                source.firstPosition() + 1,
                source.events() - 1,
                source.error(),
                ParkedAction.RESUME);
        if (source.events() == 1) {
          release(source);
        } else {
          change(new Park(rest, ParkedAction.SKIP_EVENT));
          parked.put(rest.source(), rest);
        }
        counters.skipped.increment();
        actionsAsked = true;
      }
      case RESUME -> replay(source);
    }
  }

  private void change(Change change) throws Exception {
    store.commit(
        new CheckpointCommit(partition, token, stored, position, List.of(change)),
        transaction -> {});
    stored = position;
    storedNanos = System.nanoTime();
  }

  private void release(ParkedSource source) throws Exception {
    change(new Release(source.source()));
    parked.remove(source.source());
    LOG.info("{} has taken up source '{}' again", partition, source.source());
  }

  /** One slice; what is left is replayed in the next round, so that other sources go on. */
  private void replay(ParkedSource source) throws Exception {
    List<Event> events = parkedEvents(source);
    ParkedSource left = source;
    for (Event event : events) {
      if (event.position() > position) {
        break;
      }
      Optional<Throwable> failure = replay(event, left);
      if (stopped()) {
        return;
      }
      if (failure.isPresent()) {
        ParkedSource again =
            left.from(
                event.position(), left.events(), String.valueOf(failure.get()), ParkedAction.NONE);
        change(new Park(again, ParkedAction.RESUME));
        parked.put(again.source(), again);
        LOG.warn(
            "{} could not replay position {} of '{}'",
            partition,
            event.position(),
            event.source(),
            failure.get());
        return;
      }
      left = parked.get(source.source());
    }
    if (events.size() < REPLAY_SLICE || events.get(events.size() - 1).position() >= position) {
      release(left);
    } else {
      actionsAsked = true;
    }
  }

  /** Applies one parked event; why it could not be, if it could not. */
  private Optional<Throwable> replay(Event event, ParkedSource from) throws Exception {
    ParkedSource after =
        from.from(event.position() + 1, from.events() - 1, from.error(), ParkedAction.RESUME);
    int attempts = 0;
    int tries = 0;
    while (true) {
      tries++;
      try {
        store.commit(
            new CheckpointCommit(
                partition, token, stored, position, List.of(new Park(after, ParkedAction.RESUME))),
            transaction -> handle(0, event, transaction));
        stored = position;
        storedNanos = System.nanoTime();
        parked.put(after.source(), after);
        counters.applied.increment();
        return Optional.empty();
      } catch (HandlerFailure failure) {
        if (!failure.isTransient() && ++attempts >= projection.retry().maxAttempts()) {
          Throwable cause = failure.getCause();
          return Optional.of(cause == null ? failure : cause);
        }
        pause(backoffMillis(tries));
        if (stopped()) {
          return Optional.empty();
        }
        counters.retried.increment();
      }
    }
  }

  private List<Event> parkedEvents(ParkedSource source) {
    ReadOptions.Builder options =
        ReadOptions.builder()
            .fromPosition(source.firstPosition())
            .limit(REPLAY_SLICE)
            .consistency(ReadConsistency.atLeast(position));
    if (projection.filter().isEmpty()) {
      options.source(source.source());
    } else {
      List<FilterItem> items =
          projection.filter().get().anyOf().stream()
              .filter(item -> item.source().isEmpty() || item.source().equals(source.source()))
              .map(
                  item ->
                      new FilterItem(
                          source.source(),
                          item.sourceType(),
                          item.streamType(),
                          item.streamId(),
                          item.types(),
                          item.tags()))
              .toList();
      if (items.isEmpty()) {
        // The filter was changed since: nothing of this source matches any more.
        return List.of();
      }
      options.filter(new Filter(items));
    }
    try (EventStream events = client.read(options.build())) {
      List<Event> read = new ArrayList<>();
      for (Event event : events) {
        read.add(event);
      }
      return read;
    }
  }
}
