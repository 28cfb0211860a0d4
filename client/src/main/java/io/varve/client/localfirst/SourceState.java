package io.varve.client.localfirst;

import io.varve.client.Event;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An open source: the merged state, and on top of it the buffer's own events that have not come
 * back. Changed by the store thread, read by any; a lock keeps a view from mixing two moments.
 *
 * @param <S> the state's type
 */
final class SourceState<S> {

  private final String name;
  private final int number;
  private final Fold<S> fold;

  private final ReentrantLock lock = new ReentrantLock();
  private final TreeMap<Long, LocalEvent> landed = new TreeMap<>();
  private final TreeMap<Long, LocalEvent> queued = new TreeMap<>();
  private long position;
  private boolean caughtUp;
  private @Nullable LocalView<S> view;
  private boolean changed;

  SourceState(String name, int number, Fold<S> fold) {
    this.name = name;
    this.number = number;
    this.fold = fold;
  }

  String name() {
    return name;
  }

  int number() {
    return number;
  }

  Fold<S> fold() {
    return fold;
  }

  long position() {
    return locked(() -> position);
  }

  boolean caughtUp() {
    return locked(() -> caughtUp);
  }

  /** What it looks like now. */
  LocalView<S> view() {
    lock.lock();
    try {
      LocalView<S> known = view;
      if (known == null) {
        List<LocalEvent> overlay = new ArrayList<>(landed.values());
        // Events that have landed lie before those that have not.
        overlay.addAll(queued.values());
        known = new LocalView<>(fold.with(overlay), queued.size(), position, caughtUp);
        view = known;
      }
      return known;
    } finally {
      lock.unlock();
    }
  }

  /** Whether anything changed since this was last asked. */
  boolean takeChanged() {
    lock.lock();
    try {
      boolean was = changed;
      changed = false;
      return was;
    } finally {
      lock.unlock();
    }
  }

  // --- the store thread's ---

  /** Until {@link #release}, others see this as it is now: what follows is one change. */
  void hold() {
    lock.lock();
  }

  void release() {
    lock.unlock();
  }

  /** An event that is read from the file, at the start. */
  void restore(Event event) {
    change(() -> fold.apply(event));
  }

  void reset() {
    change(
        () -> {
          fold.reset();
          position = 0;
          caughtUp = false;
        });
  }

  /** Forgets the merged state only: a newer one of all keys follows. */
  void resetMerged() {
    change(fold::reset);
  }

  void clearOverlay() {
    change(
        () -> {
          landed.clear();
          queued.clear();
        });
  }

  void apply(Event event) {
    change(() -> fold.apply(event));
  }

  /**
   * Everything up to here is in the merged state; what landed up to here is no longer on top:
   * returned.
   */
  List<Long> position(long upTo) {
    lock.lock();
    try {
      NavigableMap<Long, LocalEvent> over = landed.headMap(upTo, true);
      List<Long> positions = List.copyOf(over.keySet());
      if (upTo != position) {
        position = upTo;
        over.clear();
        view = null;
        changed = true;
      }
      return positions;
    } finally {
      lock.unlock();
    }
  }

  void caughtUp(boolean now) {
    lock.lock();
    try {
      if (caughtUp != now) {
        caughtUp = now;
        view = null;
        changed = true;
      }
    } finally {
      lock.unlock();
    }
  }

  void queued(long number, LocalEvent event) {
    change(() -> queued.put(number, event));
  }

  void dequeued(long number) {
    lock.lock();
    try {
      if (queued.remove(number) != null) {
        view = null;
        changed = true;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes what is queued up to a number, that included, off the top; returns those numbers. */
  List<Long> dequeuedThrough(long number) {
    List<Long> numbers = List.copyOf(queued.headMap(number, true).keySet());
    numbers.forEach(this::dequeued);
    return numbers;
  }

  void landed(long at, LocalEvent event) {
    change(() -> landed.put(at, event));
  }

  private void change(Runnable what) {
    lock.lock();
    try {
      what.run();
      view = null;
      changed = true;
    } finally {
      lock.unlock();
    }
  }

  private <T> T locked(Supplier<T> read) {
    lock.lock();
    try {
      return read.get();
    } finally {
      lock.unlock();
    }
  }
}
