package io.varve.faults;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Watches what one client shows of a source, key by key, while it goes on: an event that was
 * replaced never comes back, and one writer's events come in its order. That is what "without
 * flicker" means: it holds for a writer's own events, on top until they are pulled, and for
 * everything that is pulled again after a stream broke. Thread-safe.
 */
final class ShownOrder {
  private static final int MAX_FINDINGS = 5;

  /** An event by its origin. */
  private record Shown(String writer, long number) {}

  private final Map<String, Shown> shown = new HashMap<>();
  // By key and writer: the least number that may still be shown.
  private final Map<String, Map<String, Long>> least = new HashMap<>();
  private final List<String> findings = new ArrayList<>();
  private long changes;

  /** The client shows this event under a key now, or still. */
  synchronized void shows(String key, String writer, long number) {
    Shown now = new Shown(writer, number);
    if (now.equals(shown.get(key))) {
      return;
    }
    replace(key);
    shown.put(key, now);
    changes++;
    long may = least.computeIfAbsent(key, any -> new HashMap<>()).getOrDefault(writer, 1L);
    if (number < may && findings.size() < MAX_FINDINGS) {
      findings.add(
          "%s shows number %d of %s, after number %d had been replaced"
              .formatted(key, number, writer, may - 1));
    }
    least.get(key).merge(writer, number, Long::max);
  }

  /** The client shows nothing under a key now, or still: it was removed. */
  synchronized void showsNothing(String key) {
    replace(key);
  }

  private void replace(String key) {
    Shown before = shown.remove(key);
    if (before != null) {
      least.get(key).merge(before.writer(), before.number() + 1, Long::max);
    }
  }

  /** What came back; at most five. */
  synchronized List<String> findings() {
    return List.copyOf(findings);
  }

  /** How many changes were seen: without any, nothing was watched. */
  synchronized long changes() {
    return changes;
  }
}
