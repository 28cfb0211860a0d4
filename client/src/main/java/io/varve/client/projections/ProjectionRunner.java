package io.varve.client.projections;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.varve.client.DeadlineExceededException;
import io.varve.client.Head;
import io.varve.client.ReadConsistency;
import io.varve.client.VarveClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a projection in this process: catches up from its checkpoint, follows the log, and goes on
 * after failures of nodes, of the store and of its own process without leaving out an event. {@link
 * io.varve.client.projections} says how often each event is applied. Thread-safe.
 *
 * <p><b>One or several.</b> An unshared projection belongs to the runner that started last; an
 * earlier one ends with {@link FencedException}. The partitions of a shared one ({@link
 * Projection.Builder#partitions}) are spread evenly over all runners that live, in whatever
 * processes, and move when runners come and go.
 *
 * <p><b>Threads.</b> One for each partition that runs here, which calls the handler, and one for
 * the rest, which completes the futures of {@link #await(long)}: what depends on them must be
 * short, or go elsewhere.
 *
 * <p><b>Errors.</b> What cannot mend itself (the log was replaced, a newer generation is live, the
 * client was closed) ends the runner: {@link #done()} tells. Everything else is tried again, and
 * counted in {@link #metrics()}.
 *
 * @param <T> the transaction of the projection's store
 */
public final class ProjectionRunner<T> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ProjectionRunner.class);

  private static final Duration IDLE = Duration.ofSeconds(1);
  private static final Duration WAITED_FOR = Duration.ofMillis(100);
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(30);
  private static final Duration INTERRUPT_PATIENCE = Duration.ofSeconds(5);

  private final VarveClient client;
  private final Projection<T> projection;
  private final CheckpointStore<T> store;
  private final Progress progress = new Progress(this::signal);
  private final Counters counters = new Counters();
  private final Waiters waiters = new Waiters(progress);
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final Optional<Leases> leases;
  private final Thread thread;
  private final List<String> metricNames = new ArrayList<>();

  // Guarded by this.
  private final Map<Integer, PartitionWorker<T>> workers = new LinkedHashMap<>();
  private final List<PartitionWorker<T>> ending = new ArrayList<>();
  private final List<Integer> fencedPartitions = new ArrayList<>();
  private boolean signalled;
  private boolean closing;
  private Optional<Throwable> failure = Optional.empty();

  // The runner's thread only.
  private long remoteNanos = System.nanoTime() - TimeUnit.HOURS.toNanos(1);
  private List<Checkpoint> remote = List.of();

  private ProjectionRunner(VarveClient client, Projection<T> projection) {
    this.client = client;
    this.projection = projection;
    this.store = projection.store();
    String id = UUID.randomUUID().toString();
    this.leases =
        projection.shared()
            ? Optional.of(
                new Leases(
                    new LeaseLog(client, projection, id), projection, id, new WorkersOfLeases()))
            : Optional.empty();
    this.thread = new Thread(this::run, "varve-projection-" + projection);
    this.thread.setDaemon(true);
  }

  /**
   * Starts. Returns once the generation is known to the store; events are applied from then on.
   *
   * @param client stays the caller's; must not be closed before the runner
   * @throws ProjectionException if the generation is known with other partitions or of another log,
   *     or was replaced
   * @throws CheckpointStoreException if the store cannot be reached
   * @throws io.varve.client.VarveException if the log cannot be reached
   */
  public static <T> ProjectionRunner<T> start(VarveClient client, Projection<T> projection) {
    Head head = client.head();
    projection
        .store()
        .open(
            projection.name(),
            projection.generation(),
            projection.partitions(),
            projection.shared(),
            head.logIdentity());
    ProjectionRunner<T> runner = new ProjectionRunner<>(client, projection);
    runner.progress.head(head.position());
    runner.showMetrics();
    runner.thread.start();
    return runner;
  }

  /** What is run. */
  public Projection<T> projection() {
    return projection;
  }

  /**
   * Completes when the runner has ended: normally after {@link #close()}, exceptionally when it
   * cannot go on.
   */
  public CompletableFuture<Void> done() {
    return done.copy();
  }

  // ---- waiting ----

  /**
   * Completes once every event up to a position, matching or not, is applied, in all partitions,
   * wherever they run: who awaits the position of its own append reads its own write. A position
   * above the head is waited for. Where another runner has a partition, up to a second may pass in
   * addition.
   *
   * <p>Completes exceptionally with {@link ProjectionException} when the runner ends before, and
   * with {@link io.varve.client.OverloadedException} when 10,000 callers wait already.
   *
   * @throws IllegalArgumentException if the position is negative
   */
  public CompletableFuture<Applied> await(long position) {
    if (position < 0) {
      throw new IllegalArgumentException("a position is never negative: " + position);
    }
    CompletableFuture<Applied> future = waiters.add(position);
    signal();
    return future;
  }

  /**
   * Waits for {@link #await(long)}.
   *
   * @throws DeadlineExceededException if it takes longer than the deadline
   * @throws ProjectionException if the runner ends before, or the thread is interrupted
   */
  public Applied await(long position, Duration deadline) {
    CompletableFuture<Applied> future = await(position);
    try {
      return future.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      future.cancel(false);
      throw new DeadlineExceededException(
          "projection " + projection + " has not come to position " + position + " in " + deadline,
          e);
    } catch (InterruptedException e) {
      future.cancel(false);
      Thread.currentThread().interrupt();
      throw new ProjectionException("interrupted while waiting for position " + position, e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        cause.addSuppressed(e);
        throw cause;
      }
      throw new ProjectionException("waiting for position " + position + " failed", e.getCause());
    }
  }

  // ---- parked sources ----

  /** The parked sources of all partitions, wherever they run, by partition and source. */
  public List<ParkedSource> parked() {
    List<ParkedSource> all = new ArrayList<>();
    store
        .checkpoints(projection.name(), projection.generation())
        .forEach(checkpoint -> all.addAll(checkpoint.parked()));
    return all;
  }

  /**
   * Asks for a parked source to be replayed, the event that failed first, and then what was parked
   * behind it, in order, read from the log. Durable; done by whatever runner has the partition,
   * within about a second. If an event fails again, the source stays parked from there on.
   *
   * @return whether the source is parked
   */
  public boolean resume(String source) {
    return request(source, ParkedAction.RESUME);
  }

  /**
   * Like {@link #resume}, but leaves out the event that failed.
   *
   * @return whether the source is parked
   */
  public boolean skipEvent(String source) {
    return request(source, ParkedAction.SKIP_EVENT);
  }

  /**
   * Asks for everything that is parked of a source to be left out. Later events are applied again.
   *
   * @return whether the source is parked
   */
  public boolean skipAll(String source) {
    return request(source, ParkedAction.SKIP_ALL);
  }

  private boolean request(String source, ParkedAction action) {
    boolean parked = store.request(projection.name(), projection.generation(), source, action);
    if (parked) {
      synchronized (this) {
        workers.values().forEach(PartitionWorker::wake);
      }
    }
    return parked;
  }

  // ---- rebuilding ----

  /** Whether this generation is what readers are to use. */
  public boolean isLive() {
    return store.liveGeneration(projection.name()).orElse(0) == projection.generation();
  }

  /**
   * Makes this generation live in place of the one that is, once it has come as far; the work (swap
   * a view, rename tables) is part of the same transaction, if the store has one. From then on the
   * old generation's runners end with {@link FencedException}. See {@link
   * CheckpointStore#switchOver}. If this generation is live already, nothing is done.
   *
   * @param deadline how long to wait for this generation; the old one stands still meanwhile, so
   *     await the head first
   * @throws TimeoutException if it did not come as far; nothing has changed
   * @throws Exception what the work threw, unchanged; nothing has changed
   */
  public void switchOver(Duration deadline, TransactionalWork<? super T> work) throws Exception {
    int live = store.liveGeneration(projection.name()).orElse(0);
    if (live != projection.generation()) {
      store.switchOver(projection.name(), live, projection.generation(), deadline, work);
    }
  }

  /** How it stands. */
  public ProjectionMetrics metrics() {
    Map<Integer, Progress.Local> locals = progress.locals();
    int parked = 0;
    int blocked = 0;
    long position = Long.MAX_VALUE;
    for (Progress.Local local : locals.values()) {
      parked += local.parked().size();
      blocked += local.blocked() ? 1 : 0;
      position = Math.min(position, local.position());
    }
    position = locals.isEmpty() ? 0 : position;
    long head = Math.max(progress.head(), position);
    return new ProjectionMetrics(
        counters.applied.sum(),
        counters.retried.sum(),
        counters.parked.sum(),
        counters.skipped.sum(),
        counters.fenced.sum(),
        counters.storeFailures.sum(),
        parked,
        blocked,
        locals.size(),
        position,
        head,
        locals.isEmpty() ? 0 : head - position);
  }

  private void showMetrics() {
    if (projection.metrics().isEmpty()) {
      return;
    }
    MetricRegistry registry = projection.metrics().get();
    Map<String, ToLongFunction<ProjectionMetrics>> shown = new LinkedHashMap<>();
    shown.put("applied", ProjectionMetrics::applied);
    shown.put("retried", ProjectionMetrics::retried);
    shown.put("parked", ProjectionMetrics::parked);
    shown.put("skipped", ProjectionMetrics::skipped);
    shown.put("fenced", ProjectionMetrics::fenced);
    shown.put("storeFailures", ProjectionMetrics::storeFailures);
    shown.put("parkedSources", ProjectionMetrics::parkedSources);
    shown.put("blocked", ProjectionMetrics::blocked);
    shown.put("partitions", ProjectionMetrics::partitions);
    shown.put("position", ProjectionMetrics::position);
    shown.put("head", ProjectionMetrics::head);
    shown.put("lag", ProjectionMetrics::lag);
    shown.forEach(
        (name, value) -> {
          String full =
              MetricRegistry.name(
                  "varve.projection",
                  projection.name(),
                  String.valueOf(projection.generation()),
                  name);
          Gauge<Long> gauge = () -> value.applyAsLong(metrics());
          registry.remove(full);
          registry.register(full, gauge);
          metricNames.add(full);
        });
  }

  /**
   * Ends: what is being committed is brought to its end, leases are given back. Waits at most 30 s
   * for handlers, then interrupts them, and waits another 5 s. Idempotent.
   */
  @Override
  public void close() {
    synchronized (this) {
      closing = true;
      notifyAll();
    }
    if (Thread.currentThread() == thread) {
      return;
    }
    try {
      thread.join(CLOSE_PATIENCE.plus(INTERRUPT_PATIENCE.multipliedBy(2)).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the runner's thread ----

  private final class WorkersOfLeases implements Leases.Holder {
    @Override
    public void acquired(int partition, long token) {
      startWorker(partition, token);
    }

    @Override
    public void end(int partition) {
      PartitionWorker<T> worker;
      synchronized (ProjectionRunner.this) {
        worker = workers.get(partition);
      }
      if (worker != null) {
        worker.stop();
      }
    }

    @Override
    public boolean runs(int partition) {
      synchronized (ProjectionRunner.this) {
        return workers.containsKey(partition);
      }
    }
  }

  private void startWorker(int partition, long token) {
    PartitionWorker<T> worker =
        new PartitionWorker<>(
            client, projection, partition, token, progress, counters, this::ended);
    synchronized (this) {
      PartitionWorker<T> before = workers.put(partition, worker);
      if (before != null) {
        // It hangs in a handler and has been fenced; it ends when it comes back.
        ending.add(before);
        before.stop();
      }
    }
    worker.start();
  }

  /** On the worker's thread. */
  private void ended(PartitionWorker<?> worker, Optional<Throwable> why) {
    synchronized (this) {
      ending.remove(worker);
      boolean current = workers.remove(worker.number(), worker);
      if (current && why.isPresent() && why.get() instanceof FencedException) {
        fencedPartitions.add(worker.number());
      }
      signalled = true;
      notifyAll();
    }
    if (why.isPresent() && !(why.get() instanceof FencedException && projection.shared())) {
      fail(why.get());
    }
  }

  private void fail(Throwable why) {
    Throwable told =
        why instanceof RuntimeException
            ? why
            : new ProjectionException("projection " + projection + " cannot go on: " + why, why);
    synchronized (this) {
      if (failure.isEmpty()) {
        failure = Optional.of(told);
      }
      closing = true;
      notifyAll();
    }
    waiters.fail(told);
  }

  private synchronized void signal() {
    signalled = true;
    notifyAll();
  }

  private void run() {
    try {
      if (leases.isEmpty()) {
        startWorker(0, 0);
      }
      long headNanos = System.nanoTime();
      long ticked = System.nanoTime() - TimeUnit.HOURS.toNanos(1);
      while (!isClosing()) {
        long now = System.nanoTime();
        if (leases.isPresent() && now - ticked >= leases.get().interval().toNanos()) {
          ticked = now;
          tick(leases.get());
        }
        if (now - headNanos >= IDLE.toNanos()) {
          headNanos = now;
          askForHead();
        }
        complete();
        sleep();
      }
    } catch (InterruptedException e) {
      LOG.warn("projection {} was interrupted and ends", projection);
    } catch (RuntimeException | Error e) {
      LOG.error("projection {} cannot go on", projection, e);
      fail(e);
    } finally {
      end();
    }
  }

  private synchronized boolean isClosing() {
    return closing;
  }

  private void tick(Leases of) throws InterruptedException {
    List<Integer> fenced;
    synchronized (this) {
      fenced = List.copyOf(fencedPartitions);
      fencedPartitions.clear();
    }
    fenced.forEach(of::lost);
    if (!fenced.isEmpty() && isRetired()) {
      fail(StoreChecks.retired(projection.name(), projection.generation()));
      return;
    }
    of.tick();
  }

  private boolean isRetired() {
    try {
      return store.liveGeneration(projection.name()).orElse(0) > projection.generation();
    } catch (CheckpointStoreException e) {
      return false;
    }
  }

  private void askForHead() {
    CompletableFuture<Void> unused =
        client
            .headAsync(ReadConsistency.local())
            .handle(
                (head, error) -> {
                  if (error == null) {
                    progress.head(head.position());
                  }
                  return null;
                });
  }

  /** Tells those whose position has been reached. */
  private void complete() {
    if (waiters.isEmpty()) {
      return;
    }
    Map<Integer, Progress.Local> locals = progress.locals();
    long reached = Long.MAX_VALUE;
    List<ParkedSource> parked = new ArrayList<>();
    for (Progress.Local local : locals.values()) {
      reached = Math.min(reached, local.position());
      parked.addAll(local.parked());
    }
    if (locals.size() < projection.partitions()) {
      for (Checkpoint checkpoint : elsewhere()) {
        if (!locals.containsKey(checkpoint.partition().number())) {
          reached = Math.min(reached, checkpoint.position());
          parked.addAll(checkpoint.parked());
        }
      }
      if (remote.size() < projection.partitions()) {
        return;
      }
    }
    waiters.reached(reached, parked);
  }

  /** Checkpoints as the store has them, at most {@link #WAITED_FOR} old. */
  private List<Checkpoint> elsewhere() {
    long now = System.nanoTime();
    if (now - remoteNanos >= WAITED_FOR.toNanos()) {
      try {
        remote = store.checkpoints(projection.name(), projection.generation());
      } catch (CheckpointStoreException e) {
        LOG.debug("where other runners stand could not be read", e);
        remote = List.of();
      }
      remoteNanos = now;
    }
    return remote;
  }

  private synchronized void sleep() throws InterruptedException {
    Duration longest = waiters.isEmpty() ? IDLE : WAITED_FOR;
    if (leases.isPresent() && leases.get().interval().compareTo(longest) < 0) {
      longest = leases.get().interval();
    }
    if (!signalled && !closing) {
      TimeUnit.NANOSECONDS.timedWait(this, longest.toNanos());
    }
    signalled = false;
  }

  private void end() {
    List<PartitionWorker<T>> last;
    synchronized (this) {
      closing = true;
      last = new ArrayList<>(workers.values());
      last.addAll(ending);
    }
    last.forEach(PartitionWorker::stop);
    long until = System.nanoTime() + CLOSE_PATIENCE.toNanos();
    for (PartitionWorker<T> worker : last) {
      if (!worker.hasEnded(Duration.ofNanos(until - System.nanoTime()))) {
        LOG.warn("a handler of {} does not come back and is interrupted", projection);
        worker.interrupt();
        boolean unused = worker.hasEnded(INTERRUPT_PATIENCE);
      }
    }
    try {
      if (leases.isPresent()) {
        leases.get().close();
      }
    } catch (InterruptedException | RuntimeException e) {
      LOG.debug("leases could not be given back; they expire", e);
    }
    projection.metrics().ifPresent(registry -> metricNames.forEach(registry::remove));
    Optional<Throwable> why;
    synchronized (this) {
      why = failure;
    }
    waiters.fail(
        why.orElseGet(
            () ->
                new ProjectionException("the runner of projection " + projection + " has ended")));
    if (why.isPresent()) {
      done.completeExceptionally(why.get());
    } else {
      done.complete(null);
    }
  }
}
