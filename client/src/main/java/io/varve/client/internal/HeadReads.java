package io.varve.client.internal;

import io.varve.client.Head;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Linearizable reads of the head, shared: whoever asks while as many are under way as may be waits
 * for the next one, together with all others who do. None is answered by a read that began before
 * it asked, so each is as fresh as one of its own, however many ask. Thread-safe.
 */
final class HeadReads {

  private final Supplier<CompletableFuture<Head>> call;
  private final Consumer<CompletableFuture<Head>> deadline;

  private final int atATime;
  private int underWay;
  private @Nullable CompletableFuture<Head> next;
  private @Nullable CompletableFuture<Head> newest;

  /**
   * Shares calls.
   *
   * @param atATime how many reads may be under way, 1 or more
   * @param call one read; ends within the client's deadline
   * @param deadline makes a future that waits for its turn fail in time
   */
  HeadReads(
      int atATime,
      Supplier<CompletableFuture<Head>> call,
      Consumer<CompletableFuture<Head>> deadline) {
    this.atATime = atATime;
    this.call = call;
    this.deadline = deadline;
  }

  /** A head read after this call. What is returned belongs to the caller, who may cancel it. */
  CompletableFuture<Head> read() {
    CompletableFuture<Head> shared;
    boolean first;
    synchronized (this) {
      first = underWay < atATime;
      if (first) {
        underWay++;
        shared = new CompletableFuture<>();
        newest = shared;
      } else if (next == null) {
        shared = new CompletableFuture<>();
        next = shared;
        deadline.accept(shared);
      } else {
        shared = next;
      }
    }
    CompletableFuture<Head> own = ownOf(shared);
    if (first) {
      start(shared);
    }
    return own;
  }

  /**
   * A head read now for somebody else, perhaps since before this call, or else after it. What is
   * returned belongs to the caller, who may cancel it.
   */
  CompletableFuture<Head> join() {
    CompletableFuture<Head> running;
    synchronized (this) {
      running = newest;
    }
    if (running == null || running.isDone()) {
      return read();
    }
    CompletableFuture<Head> own = new CompletableFuture<>();
    CompletableFuture<Head> unused =
        running.whenComplete(
            (head, failure) -> {
              if (failure == null) {
                complete(own, head, null);
              } else {
                // Its time may have been over; the caller's has just begun.
                CompletableFuture<Head> unusedToo =
                    read().whenComplete((later, reason) -> complete(own, later, reason));
              }
            });
    return own;
  }

  private static CompletableFuture<Head> ownOf(CompletableFuture<Head> shared) {
    CompletableFuture<Head> own = new CompletableFuture<>();
    CompletableFuture<Head> unused =
        shared.whenComplete((head, failure) -> complete(own, head, failure));
    return own;
  }

  private void start(CompletableFuture<Head> shared) {
    CompletableFuture<Head> unused =
        call.get()
            .whenComplete(
                (head, failure) -> {
                  CompletableFuture<Head> following;
                  synchronized (this) {
                    following = next;
                    next = null;
                    if (following == null) {
                      underWay--;
                    } else {
                      newest = following;
                    }
                  }
                  if (following != null) {
                    start(following);
                  }
                  complete(shared, head, failure);
                });
  }

  private static void complete(
      CompletableFuture<Head> future, @Nullable Head head, @Nullable Throwable failure) {
    if (failure != null) {
      future.completeExceptionally(failure);
    } else if (head != null) {
      future.complete(head);
    }
  }
}
