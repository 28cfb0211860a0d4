package io.varve.client.internal;

import io.varve.client.Event;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Collects a short read into a list. */
final class CollectedRead implements Sink {

  private final Completions completions;
  private final List<Event> events = new ArrayList<>();
  private final CompletableFuture<List<Event>> future = new CompletableFuture<>();

  CollectedRead(Completions completions) {
    this.completions = completions;
  }

  CompletableFuture<List<Event>> future() {
    return future;
  }

  @Override
  public boolean take(Chunk chunk) {
    while (chunk.hasNext()) {
      events.add((Event) chunk.next());
    }
    return false;
  }

  @Override
  public void ended() {
    completions.complete(future, List.copyOf(events));
  }

  @Override
  public void failed(Throwable error) {
    completions.fail(future, error);
  }
}
