package io.varve.client.localfirst;

import io.varve.client.Event;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The newest event of each key; a tombstone removes its key; events without a key are not shown.
 */
final class LatestFold implements Fold<Map<String, LocalEvent>> {

  private final TreeMap<String, LocalEvent> latest = new TreeMap<>();

  @Override
  public String kind() {
    return "latest";
  }

  @Override
  public boolean latestOnly() {
    return true;
  }

  @Override
  public void reset() {
    latest.clear();
  }

  @Override
  public void apply(Event event) {
    put(latest, LocalEvent.of(event));
  }

  @Override
  public String keptAs(Event event) {
    return event.key();
  }

  @Override
  public Map<String, LocalEvent> with(Collection<LocalEvent> overlay) {
    TreeMap<String, LocalEvent> state = new TreeMap<>(latest);
    overlay.forEach(event -> put(state, event));
    return Collections.unmodifiableMap(state);
  }

  private static void put(Map<String, LocalEvent> state, LocalEvent event) {
    if (event.key().isEmpty()) {
      return;
    }
    if (event.tombstone()) {
      state.remove(event.key());
    } else {
      state.put(event.key(), event);
    }
  }
}
