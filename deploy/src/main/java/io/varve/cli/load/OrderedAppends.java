package io.varve.cli.load;

import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/**
 * Keeps many appends under way, and yet every source's events in order: an append waits until
 * earlier ones to any of its sources have landed. Once one fails, those that wait for it fail too.
 *
 * <p>To be used by one thread. Bounded: at most {@code inFlight} appends are under way or waiting;
 * {@link #append} blocks for a free place.
 */
public final class OrderedAppends {
  private final VarveClient client;
  private final int inFlight;
  private final Semaphore places;

  /** The newest append under way to each source. */
  private final Map<String, CompletableFuture<AppendResult>> newest = new HashMap<>();

  /** Appends through the client, at most {@code inFlight} (1 or more) at a time. */
  public OrderedAppends(VarveClient client, int inFlight) {
    this.client = client;
    this.inFlight = inFlight;
    this.places = new Semaphore(inFlight);
  }

  /** Appends; the future completes as {@link VarveClient#appendAsync}'s does. */
  public CompletableFuture<AppendResult> append(AppendRequest request) {
    places.acquireUninterruptibly();
    Set<String> sources = new LinkedHashSet<>();
    CompletableFuture<?> earlier = CompletableFuture.completedFuture(null);
    for (NewEvent event : request.events()) {
      if (sources.add(event.source())) {
        CompletableFuture<AppendResult> before = newest.get(event.source());
        if (before != null && !(before.isDone() && !before.isCompletedExceptionally())) {
          earlier = earlier.thenCombine(before, (nothing, neither) -> null);
        }
      }
    }
    CompletableFuture<AppendResult> result =
        earlier
            .thenCompose(nothing -> client.appendAsync(request))
            .whenComplete((answer, failure) -> places.release());
    for (String source : sources) {
      newest.put(source, result);
    }
    forgetLanded();
    return result;
  }

  /** Waits until no append is under way any more, landed or failed. */
  public void await() {
    places.acquireUninterruptibly(inFlight);
    places.release(inFlight);
  }

  /** Only appends under way and failures are worth remembering. */
  private void forgetLanded() {
    if (newest.size() > 8 * inFlight + 1_024) {
      newest.values().removeIf(append -> append.isDone() && !append.isCompletedExceptionally());
    }
  }
}
