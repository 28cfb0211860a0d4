package io.varve.node.read;

import io.varve.node.cluster.Replicator;
import io.varve.node.wire.ErrorException;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.ReadConsistency;
import io.varve.statemachine.LogReader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** Waits until this node may answer. Thread-safe. */
final class Freshness {

  /** How long to wait before asking for a read index again that no leader gave. */
  private static final long RETRY_MILLIS = 25;

  private final Replicator replicator;
  private final LogReader reader;
  private final Tail tail;
  private final Executor workers;
  private final Executor laterOnWorkers;

  Freshness(Replicator replicator, LogReader reader, Tail tail, Executor workers) {
    this.replicator = replicator;
    this.reader = reader;
    this.tail = tail;
    this.workers = workers;
    this.laterOnWorkers =
        CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS, workers);
  }

  /**
   * Completes when a read of the given consistency may be answered, or with an error. Whoever
   * cancels it is waited for no more.
   */
  CompletableFuture<Void> reached(ReadConsistency consistency, long deadlineNanos) {
    long atLeast = Positions.checked(consistency.getAtLeast(), "consistency.at_least");
    if (consistency.getLocal()) {
      return atLeast == 0
          ? CompletableFuture.completedFuture(null)
          : applied(atLeast, deadlineNanos);
    }
    CompletableFuture<Void> fresh = linearizable(deadlineNanos);
    return atLeast == 0 ? fresh : then(fresh, () -> applied(atLeast, deadlineNanos));
  }

  /** Completes when everything acknowledged before this call is applied here, or with an error. */
  CompletableFuture<Void> linearizable(long deadlineNanos) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    askForReadIndex(deadlineNanos, result);
    return result;
  }

  /** Completes when a position has been applied here, or with an error at the deadline. */
  CompletableFuture<Void> applied(long position, long deadlineNanos) {
    CompletableFuture<Void> reached = within(deadlineNanos, tail.reached(position));
    CompletableFuture<Void> result =
        reached.exceptionally(
            failure -> {
              throw new ErrorException(
                  ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED,
                  "position "
                      + position
                      + " was not applied here within the deadline; the head is "
                      + reader.head());
            });
    return alongWith(result, reached);
  }

  /** One wait after the other; cancelling the result cancels whichever is under way. */
  private static CompletableFuture<Void> then(
      CompletableFuture<Void> first, Supplier<CompletableFuture<Void>> second) {
    AtomicReference<CompletableFuture<Void>> underWay = new AtomicReference<>(first);
    CompletableFuture<Void> result =
        first.thenCompose(
            done -> {
              CompletableFuture<Void> next = second.get();
              underWay.set(next);
              return next;
            });
    CompletableFuture<Void> unused =
        result.whenComplete((done, failure) -> underWay.get().cancel(false));
    return result;
  }

  /** Whatever ends the result ends what it waits for. */
  private static CompletableFuture<Void> alongWith(
      CompletableFuture<Void> result, CompletableFuture<Void> awaited) {
    CompletableFuture<Void> unused = result.whenComplete((done, failure) -> awaited.cancel(false));
    return result;
  }

  private void askForReadIndex(long deadlineNanos, CompletableFuture<Void> result) {
    if (result.isDone()) {
      return; // nobody waits for it any more
    }
    CompletableFuture<Void> unused =
        within(deadlineNanos, replicator.readBarrier().copy())
            .whenCompleteAsync(
                (done, failure) -> {
                  if (failure == null) {
                    result.complete(null);
                  } else if (failure instanceof TimeoutException || leftNanos(deadlineNanos) <= 0) {
                    result.completeExceptionally(
                        new ErrorException(
                            ErrorCode.ERROR_CODE_UNAVAILABLE,
                            "no leader confirmed a read index within the deadline"));
                  } else {
                    // No leader at the moment; within the deadline there may be one.
                    laterOnWorkers.execute(() -> askForReadIndex(deadlineNanos, result));
                  }
                },
                workers);
  }

  private static CompletableFuture<Void> within(
      long deadlineNanos, CompletableFuture<Void> future) {
    return future.orTimeout(Math.max(1, leftNanos(deadlineNanos)), TimeUnit.NANOSECONDS);
  }

  private static long leftNanos(long deadlineNanos) {
    return deadlineNanos - System.nanoTime();
  }
}
