package io.varve.client.aggregates;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** States of the sources used last. Bounded by their number; thread-safe. */
final class StateCache<S> {

  /**
   * A state.
   *
   * @param identity of which log
   * @param snapshotVersion up to which version there is a snapshot
   */
  record Entry<S>(AggregateState<S> state, Optional<UUID> identity, long snapshotVersion) {}

  private final int capacity;
  private final Map<String, Entry<S>> entries;

  StateCache(int capacity) {
    this.capacity = capacity;
    this.entries =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Entry<S>> eldest) {
            return size() > StateCache.this.capacity;
          }
        };
  }

  /** What is known of a source in this log. */
  synchronized Optional<Entry<S>> get(String source, Optional<UUID> identity) {
    @Nullable Entry<S> entry = entries.get(source);
    if (entry == null || !entry.identity().equals(identity)) {
      return Optional.empty();
    }
    return Optional.of(entry);
  }

  /** Keeps a state unless a newer one of the same log is there. */
  synchronized void put(Entry<S> entry) {
    entries.merge(
        entry.state().source(),
        entry,
        (old, next) ->
            old.identity().equals(next.identity()) && old.state().version() > next.state().version()
                ? old
                : next);
  }

  synchronized int size() {
    return entries.size();
  }
}
