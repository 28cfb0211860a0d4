package io.varve.client.internal;

import io.varve.client.DeadlineExceededException;
import io.varve.client.UnavailableException;
import io.varve.client.VarveException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for futures on behalf of blocking methods. */
final class Waiting {

  private Waiting() {}

  /**
   * The future's result.
   *
   * @throws VarveException what the future failed with, or that it was too late
   */
  static <T> T await(CompletableFuture<T> future, long timeoutNanos) {
    try {
      return future.get(timeoutNanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new UnavailableException("interrupted while waiting", interrupted);
    } catch (TimeoutException late) {
      throw new DeadlineExceededException(
          "no answer within " + TimeUnit.NANOSECONDS.toMillis(timeoutNanos) + " ms", late);
    } catch (ExecutionException failed) {
      throw rethrown(failed.getCause());
    }
  }

  /** Waits as long as it takes: the future has a deadline of its own. */
  static <T> T await(CompletableFuture<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException failed) {
      throw rethrown(failed.getCause());
    } catch (CancellationException cancelled) {
      throw new UnavailableException("cancelled", cancelled);
    }
  }

  private static RuntimeException rethrown(Throwable failure) {
    if (failure instanceof VarveException varve) {
      // Made on a network thread; where it reached the caller matters more.
      varve.addSuppressed(new WaitingTrace());
      return varve;
    }
    return new IllegalStateException(failure);
  }

  /** Where the caller was waiting. */
  private static final class WaitingTrace extends Exception {
    private static final long serialVersionUID = 1L;

    WaitingTrace() {
      super("waited for here");
    }
  }
}
