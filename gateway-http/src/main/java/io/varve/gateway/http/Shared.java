package io.varve.gateway.http;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An answer that all who ask at about the same time share: asked for once, and kept for 1 s.
 * Thread-safe.
 *
 * @param <T> the answer
 */
final class Shared<T> {
  private static final long KEPT_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Supplier<CompletableFuture<T>> question;
  private @Nullable CompletableFuture<T> answer;
  private long answeredNanos;

  Shared(Supplier<CompletableFuture<T>> question) {
    this.question = question;
  }

  /** The answer. Cancelling the future does nothing to others. */
  synchronized CompletableFuture<T> get() {
    CompletableFuture<T> current = answer;
    if (current == null || (current.isDone() && System.nanoTime() - answeredNanos > KEPT_NANOS)) {
      current = question.get();
      answer = current;
      // Run at once if it is done already: under the lock, which is this thread's.
      var unused = current.whenComplete((result, failure) -> answered());
    }
    return current.copy();
  }

  private synchronized void answered() {
    answeredNanos = System.nanoTime();
  }
}
