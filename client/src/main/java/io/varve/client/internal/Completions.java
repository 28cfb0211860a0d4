package io.varve.client.internal;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** Completes callers' futures where they want it: on the calling thread, or on their executor. */
final class Completions {

  private final @Nullable Executor executor;

  Completions(Optional<Executor> executor) {
    this.executor = executor.orElse(null);
  }

  <T> void complete(CompletableFuture<T> future, T result) {
    if (executor == null) {
      future.complete(result);
    } else {
      run(() -> future.complete(result));
    }
  }

  void fail(CompletableFuture<?> future, Throwable error) {
    if (executor == null) {
      future.completeExceptionally(error);
    } else {
      run(() -> future.completeExceptionally(error));
    }
  }

  private void run(Runnable completion) {
    Executor to = executor;
    if (to == null) {
      completion.run();
      return;
    }
    try {
      to.execute(completion);
    } catch (RejectedExecutionException full) {
      // An answer must not be lost because the caller's executor is shut or full.
      completion.run();
    }
  }
}
