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

  /** Completes when a read of the given consistency may be answered, or with an error. */
  CompletableFuture<Void> reached(ReadConsistency consistency, long deadlineNanos) {
    CompletableFuture<Void> fresh =
        consistency.getLocal()
            ? CompletableFuture.completedFuture(null)
            : linearizable(deadlineNanos);
    long atLeast = consistency.getAtLeast();
    return atLeast == 0 ? fresh : fresh.thenCompose(done -> applied(atLeast, deadlineNanos));
  }

  /** Completes when everything acknowledged before this call is applied here, or with an error. */
  CompletableFuture<Void> linearizable(long deadlineNanos) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    askForReadIndex(deadlineNanos, result);
    return result;
  }

  private void askForReadIndex(long deadlineNanos, CompletableFuture<Void> result) {
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

  private CompletableFuture<Void> applied(long position, long deadlineNanos) {
    return within(deadlineNanos, tail.reached(position))
        .exceptionally(
            failure -> {
              throw new ErrorException(
                  ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED,
                  "position "
                      + position
                      + " was not applied here within the deadline; the head is "
                      + reader.head());
            });
  }

  private static CompletableFuture<Void> within(
      long deadlineNanos, CompletableFuture<Void> future) {
    return future.orTimeout(Math.max(1, leftNanos(deadlineNanos)), TimeUnit.NANOSECONDS);
  }

  private static long leftNanos(long deadlineNanos) {
    return deadlineNanos - System.nanoTime();
  }
}
