package io.varve.statemachine.store;

import java.util.Iterator;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A map that forgets what was used least recently, but only when told to: between entries, so that
 * nothing staged is ever forgotten. Not thread-safe.
 */
final class LruMap<K, V> {

  private final LinkedHashMap<K, V> map = new LinkedHashMap<>(16, 0.75f, true);
  private final int capacity;

  LruMap(int capacity) {
    this.capacity = capacity;
  }

  /** The value of a key, which counts as used; null if there is none. */
  @Nullable V get(K key) {
    return map.get(key);
  }

  void put(K key, V value) {
    map.put(key, value);
  }

  int size() {
    return map.size();
  }

  /** Forgets down to the capacity. */
  void trim() {
    Iterator<V> eldestFirst = map.values().iterator();
    while (map.size() > capacity) {
      eldestFirst.next();
      eldestFirst.remove();
    }
  }
}
