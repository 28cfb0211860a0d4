package io.varve.node.pipeline;

import io.varve.node.cluster.Replicator;
import io.varve.node.cluster.Replicator.NotAppendedException;
import io.varve.node.metrics.Metrics;
import io.varve.node.pipeline.PipelineAnswer.Decided;
import io.varve.node.pipeline.PipelineAnswer.NotAppended;
import io.varve.node.pipeline.PipelineAnswer.Reason;
import io.varve.node.pipeline.PipelineAnswer.Unknown;
import io.varve.statemachine.Outcome;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Coalesces appends into Raft entries (DESIGN 4.1).
 *
 * <p>One thread, the batcher, does everything after {@link #submit}: it takes what has queued,
 * hands it over as one entry while fewer than {@code maxInFlight} are outstanding, and answers the
 * appends of settled entries. It sleeps when there is nothing to do, without a timer; while appends
 * wait for an answer it looks at their deadlines every {@code sweepInterval}.
 *
 * <p>Appends reach the log in the order they were submitted. When an entry fails, everything still
 * queued is given back as not appended before anything else is handed over, so that nothing
 * submitted later overtakes what failed.
 *
 * <p>Thread-safe.
 */
public final class AppendPipeline implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(AppendPipeline.class);

  private static final NotAppended NOT_LEADER =
      new NotAppended(Reason.NOT_LEADER, "this node does not lead");
  private static final NotAppended CLOSED =
      new NotAppended(Reason.CLOSED, "this node is shutting down");
  private static final Unknown TOO_LATE =
      new Unknown("the deadline passed after the append was handed to the cluster");
  private static final Unknown CLOSED_IN_FLIGHT =
      new Unknown("this node shut down after the append was handed to the cluster");

  /** How many appends are answered between two looks at what may be handed over next. */
  private static final int ANSWERS_PER_TURN = 256;

  private final Replicator replicator;
  private final PipelineOptions options;
  private final AppendQueue queue;
  private final EntryBuilder entries;
  private final PipelineMetrics metrics;
  private final Doorbell doorbell = new Doorbell();
  private final ConcurrentLinkedQueue<InFlightEntry> settled = new ConcurrentLinkedQueue<>();
  private final Thread batcher;

  /** Set by close: how long what is in flight is still waited for, on the nanoTime scale. */
  private volatile @Nullable Long closeByNanos;

  /** Set as the batcher's last act, so that a submit that raced with it answers for itself. */
  private volatile boolean stopped;

  // Confined to the batcher.
  private final ArrayDeque<InFlightEntry> inFlight = new ArrayDeque<>();
  private final ArrayDeque<InFlightEntry> toAnswer = new ArrayDeque<>();
  private int answeredOfFirst;
  private boolean commitUnannounced;
  private long lastSweepNanos;

  /** How many entries are in flight, for those who look from outside. */
  private volatile int inFlightShown;

  private AppendPipeline(Replicator replicator, PipelineOptions options, Metrics metrics) {
    this.replicator = replicator;
    this.options = options;
    this.metrics = new PipelineMetrics(metrics);
    this.queue = new AppendQueue(options.maxQueuedAppends(), options.maxQueuedBytes());
    this.entries = new EntryBuilder(queue, options, this.metrics);
    this.lastSweepNanos = options.nanoTime().getAsLong();
    this.batcher = new Thread(this::run, "varve-append-pipeline");
    this.batcher.setDaemon(true);
    PipelineMetrics.holds(metrics, queue::size, queue::bytes, () -> inFlightShown);
  }

  /** Starts a pipeline in front of a Raft group, whose metrics nobody looks at. */
  public static AppendPipeline start(Replicator replicator, PipelineOptions options) {
    return start(replicator, options, new Metrics());
  }

  /** Starts a pipeline in front of a Raft group. */
  public static AppendPipeline start(
      Replicator replicator, PipelineOptions options, Metrics metrics) {
    AppendPipeline pipeline = new AppendPipeline(replicator, options, metrics);
    pipeline.batcher.start();
    return pipeline;
  }

  /**
   * Queues an append. Never blocks. The append is answered later on the pipeline's thread, or at
   * once on this one when the queue is full or the pipeline closed.
   */
  public void submit(PendingAppend append) {
    append.submittedAt(options.nanoTime().getAsLong());
    if (closeByNanos != null) {
      giveBack(append, CLOSED);
    } else if (!queue.offer(append)) {
      giveBack(append, overloaded());
    } else {
      doorbell.ringForArrival();
      if (stopped) {
        giveBack(append, CLOSED);
      }
    }
  }

  private void giveBack(PendingAppend append, NotAppended answer) {
    if (append.answerQueued(answer)) {
      metrics.answered(answer, 0);
    }
  }

  private void answer(PendingAppend append, PipelineAnswer answer, long nowNanos) {
    if (append.answerHandedOver(answer)) {
      metrics.answered(answer, nowNanos - append.submittedNanos());
    }
  }

  /** Whether it takes appends: false once it was closed or has failed. */
  public boolean running() {
    return closeByNanos == null;
  }

  /** How many appends wait in the queue. */
  public int queued() {
    return queue.size();
  }

  /**
   * Stops. Queued appends are answered as not appended; what is in flight is waited for at most as
   * long as given and then answered as unknown.
   */
  public void close(Duration grace) {
    closeByNanos = options.nanoTime().getAsLong() + grace.toNanos();
    doorbell.ring();
    boolean interrupted = false;
    while (batcher.isAlive()) {
      try {
        batcher.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops at once: nothing in flight is waited for. */
  @Override
  public void close() {
    close(Duration.ZERO);
  }

  private void run() {
    try {
      while (closeByNanos == null) {
        turn();
        doorbell.await(mayHandOver(), sleepNanos(), this::somethingToDo);
      }
      drainToClose();
    } catch (Throwable e) {
      // Without its thread the pipeline would accept appends and never answer them.
      LOG.error("The append pipeline failed; every append it holds is answered now", e);
      closeByNanos = options.nanoTime().getAsLong();
    } finally {
      answerEverything();
    }
  }

  private void turn() {
    takeSettled();
    if (!queue.isEmpty() && !replicator.leads()) {
      queue.drain(append -> giveBack(append, NOT_LEADER));
    }
    handOverWhatHasQueued();
    answerSome();
    if (commitUnannounced && inFlight.isEmpty() && queue.isEmpty() && toAnswer.isEmpty()) {
      commitUnannounced = false;
      replicator.announceCommit();
    }
    sweepIfDue();
  }

  /** Failures are answered at once, before anything behind them is handed over. */
  private void takeSettled() {
    InFlightEntry entry;
    while ((entry = settled.poll()) != null) {
      inFlight.remove(entry);
      inFlightShown = inFlight.size();
      Throwable failure = entry.failure();
      if (failure == null) {
        metrics.applied(options.nanoTime().getAsLong() - entry.handedOverNanos());
        commitUnannounced = true;
        toAnswer.add(entry);
      } else {
        // Taken out before the failure is told: what is submitted in answer to it is not behind it.
        List<PendingAppend> behind = new ArrayList<>();
        queue.drain(behind::add);
        answerFailed(entry, failure);
        behind.forEach(append -> giveBack(append, NOT_LEADER));
      }
    }
  }

  private void answerFailed(InFlightEntry entry, Throwable failure) {
    metrics.failed();
    PipelineAnswer answer =
        failure instanceof NotAppendedException
            ? new NotAppended(Reason.NOT_LEADER, message(failure))
            : new Unknown(message(failure));
    LOG.debug("An entry of {} appends failed: {}", entry.appends().size(), answer);
    for (PendingAppend append : entry.appends()) {
      answer(append, answer, 0);
    }
  }

  private boolean mayHandOver() {
    return inFlight.size() < options.maxInFlight();
  }

  private void handOverWhatHasQueued() {
    while (mayHandOver() && !queue.isEmpty()) {
      Optional<InFlightEntry> entry = entries.next();
      if (entry.isEmpty()) {
        return;
      }
      handOver(entry.get());
    }
  }

  private void handOver(InFlightEntry entry) {
    inFlight.add(entry);
    inFlightShown = inFlight.size();
    metrics.handedOver(entry);
    CompletableFuture<List<Outcome>> outcomes;
    try {
      outcomes = replicator.replicate(entry.command());
    } catch (RuntimeException e) {
      outcomes = CompletableFuture.failedFuture(e);
    }
    // Runs on the apply thread: it only passes the news on.
    CompletableFuture<List<Outcome>> unused =
        outcomes.whenComplete(
            (decided, failure) -> {
              entry.settle(decided, checked(entry, decided, failure));
              settled.add(entry);
              doorbell.ring();
            });
  }

  private static @Nullable Throwable checked(
      InFlightEntry entry, @Nullable List<Outcome> decided, @Nullable Throwable failure) {
    if (failure != null) {
      boolean wrapped = failure instanceof CompletionException && failure.getCause() != null;
      return wrapped ? failure.getCause() : failure;
    }
    if (decided == null || decided.size() != entry.appends().size()) {
      return new IllegalStateException(
          "an entry of "
              + entry.appends().size()
              + " appends came back with "
              + (decided == null ? "no" : decided.size())
              + " outcomes");
    }
    return null;
  }

  /** Answers in turns, so that a large entry's answers do not keep the next entry waiting. */
  private void answerSome() {
    int left = ANSWERS_PER_TURN;
    long now = toAnswer.isEmpty() ? 0 : options.nanoTime().getAsLong();
    InFlightEntry entry;
    while (left > 0 && (entry = toAnswer.peek()) != null) {
      List<Outcome> outcomes = entry.outcomes();
      List<PendingAppend> appends = entry.appends();
      if (outcomes == null) {
        throw new IllegalStateException("a settled entry has neither outcomes nor a failure");
      }
      while (left > 0 && answeredOfFirst < appends.size()) {
        answer(appends.get(answeredOfFirst), new Decided(outcomes.get(answeredOfFirst)), now);
        answeredOfFirst++;
        left--;
      }
      if (answeredOfFirst == appends.size()) {
        toAnswer.remove();
        answeredOfFirst = 0;
      }
    }
  }

  private void sweepIfDue() {
    long now = options.nanoTime().getAsLong();
    if (now - lastSweepNanos < options.sweepInterval().toNanos()) {
      return;
    }
    lastSweepNanos = now;
    entries.sweep(now);
    for (InFlightEntry entry : inFlight) {
      if (entry.hasExpired(now)) {
        for (PendingAppend append : entry.appends()) {
          if (append.expired(now)) {
            answer(append, TOO_LATE, now);
          }
        }
      }
    }
  }

  private long sleepNanos() {
    return inFlight.isEmpty() && queue.isEmpty() ? 0 : options.sweepInterval().toNanos();
  }

  private boolean somethingToDo() {
    return closeByNanos != null
        || !settled.isEmpty()
        || !toAnswer.isEmpty()
        || (mayHandOver() && !queue.isEmpty());
  }

  private void drainToClose() {
    queue.drain(append -> giveBack(append, CLOSED));
    Long closeBy = closeByNanos;
    while (closeBy != null
        && (!inFlight.isEmpty() || !toAnswer.isEmpty())
        && closeBy - options.nanoTime().getAsLong() > 0) {
      takeSettled();
      answerSome();
      doorbell.await(
          false,
          options.sweepInterval().toNanos(),
          () -> !settled.isEmpty() || !toAnswer.isEmpty());
    }
  }

  private void answerEverything() {
    takeSettled();
    while (!toAnswer.isEmpty()) {
      answerSome();
    }
    for (InFlightEntry entry : inFlight) {
      entry.appends().forEach(append -> answer(append, CLOSED_IN_FLIGHT, 0));
    }
    stopped = true;
    queue.drain(append -> giveBack(append, CLOSED));
  }

  private NotAppended overloaded() {
    return new NotAppended(
        Reason.OVERLOADED,
        "the append queue is full: it holds at most "
            + options.maxQueuedAppends()
            + " appends and "
            + options.maxQueuedBytes()
            + " bytes");
  }

  private static String message(Throwable failure) {
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }
}
