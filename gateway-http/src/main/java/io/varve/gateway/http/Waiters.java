package io.varve.gateway.http;

import io.varve.client.Event;
import io.varve.client.SubscribeOptions;
import io.varve.client.SubscriptionItem;
import io.varve.client.SubscriptionItem.CaughtUp;
import io.varve.client.SubscriptionItem.Checkpoint;
import io.varve.client.VarveClient;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Long polls that wait for an event: each follows the log from where its page ended until the first
 * event that matches. Bounded: beyond that callers are told to come back. Thread-safe.
 */
final class Waiters implements AutoCloseable {
  private static final Duration RETRY = Duration.ofSeconds(2);

  private final int limit;
  private final AtomicInteger count = new AtomicInteger();
  private final Set<Waiter> waiting = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * No waiters yet.
   *
   * @param limit how many there may be at a time; each is a subscription of the cluster's
   */
  Waiters(int limit) {
    this.limit = limit;
  }

  /**
   * What the wait came to.
   *
   * @param matched whether an event matched
   * @param position the position of that event; else up to where nothing matched, 0 = not known
   */
  record Outcome(boolean matched, long position) {}

  /**
   * Waits for an event.
   *
   * @param timer runs the timeout
   */
  CompletableFuture<Outcome> await(
      VarveClient client, SubscribeOptions options, Duration wait, ScheduledExecutorService timer) {
    if (closed) {
      return CompletableFuture.completedFuture(new Outcome(false, 0));
    }
    if (count.incrementAndGet() > limit) {
      count.decrementAndGet();
      return CompletableFuture.failedFuture(
          new ProblemException(
              Problem.of(
                      ProblemCode.OVERLOADED,
                      "as many requests wait for events as may at a time: " + limit)
                  .retryAfter(RETRY)));
    }
    Waiter waiter = new Waiter();
    waiting.add(waiter);
    ScheduledFuture<?> timeout =
        timer.schedule(waiter::giveUp, wait.toMillis(), TimeUnit.MILLISECONDS);
    CompletableFuture<Outcome> outcome = waiter.outcome;
    // However it ends: by an event, in time, or because whoever asks no longer cancels it.
    var unused =
        outcome.whenComplete(
            (result, failure) -> {
              timeout.cancel(false);
              waiter.cancel();
              waiting.remove(waiter);
              count.decrementAndGet();
            });
    client.subscribe(options).subscribe(waiter);
    if (closed) {
      waiter.giveUp();
    }
    return outcome;
  }

  /** How many wait now. */
  int count() {
    return count.get();
  }

  /** Lets all who wait go with what there is, and lets nobody wait any more. */
  @Override
  public void close() {
    closed = true;
    waiting.forEach(Waiter::giveUp);
  }

  private static final class Waiter implements Flow.Subscriber<SubscriptionItem> {
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private volatile Flow.@Nullable Subscription subscription;
    private volatile long seen;

    void giveUp() {
      outcome.complete(new Outcome(false, seen));
    }

    void cancel() {
      Flow.Subscription running = subscription;
      if (running != null) {
        running.cancel();
      }
    }

    @Override
    public void onSubscribe(Flow.Subscription running) {
      subscription = running;
      if (outcome.isDone()) {
        running.cancel();
      } else {
        running.request(1);
      }
    }

    @Override
    public void onNext(SubscriptionItem item) {
      if (item instanceof Event event) {
        outcome.complete(new Outcome(true, event.position()));
        return;
      }
      if (item instanceof CaughtUp caughtUp) {
        seen = Math.max(seen, caughtUp.position());
      } else if (item instanceof Checkpoint checkpoint) {
        seen = Math.max(seen, checkpoint.position());
      }
      Flow.Subscription running = subscription;
      if (running != null) {
        running.request(1);
      }
    }

    @Override
    public void onError(Throwable failure) {
      outcome.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      giveUp();
    }
  }
}
