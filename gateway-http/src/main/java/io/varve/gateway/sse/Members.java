package io.varve.gateway.sse;

import io.varve.client.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The streams that follow one feed live, found by what an event says: its source is looked up, and
 * each different filter is asked once, however many streams there are. Used by one thread.
 */
final class Members {
  private final Selection ofFeed;
  private final Set<ClientStream> all = new LinkedHashSet<>();
  private final Set<ClientStream> takeEverything = new LinkedHashSet<>();
  private final Map<String, Set<ClientStream>> bySource = new HashMap<>();
  private final Map<Selection, Set<ClientStream>> byFilter = new HashMap<>();

  /**
   * No streams yet.
   *
   * @param ofFeed what the feed follows: streams of just that take all of it
   */
  Members(Selection ofFeed) {
    this.ofFeed = ofFeed;
  }

  void add(ClientStream stream) {
    if (!all.add(stream)) {
      return;
    }
    Selection selection = stream.selection();
    if (selection.equals(ofFeed)) {
      takeEverything.add(stream);
    } else if (selection instanceof Selection.Sources sources) {
      for (String name : sources.names()) {
        bySource.computeIfAbsent(name, none -> new LinkedHashSet<>()).add(stream);
      }
    } else {
      byFilter.computeIfAbsent(selection, none -> new LinkedHashSet<>()).add(stream);
    }
  }

  void remove(ClientStream stream) {
    if (!all.remove(stream)) {
      return;
    }
    Selection selection = stream.selection();
    if (selection.equals(ofFeed)) {
      takeEverything.remove(stream);
    } else if (selection instanceof Selection.Sources sources) {
      for (String name : sources.names()) {
        removeFrom(bySource, name, stream);
      }
    } else {
      removeFrom(byFilter, selection, stream);
    }
  }

  /** Offers an event to those it is for; those who cannot take it are no members any more. */
  void offer(Event event, Supplier<Frame> frame) {
    List<ClientStream> full = new ArrayList<>(0);
    offer(takeEverything, frame, full);
    offer(bySource.getOrDefault(event.source(), Set.of()), frame, full);
    byFilter.forEach(
        (selection, streams) -> {
          if (selection.includes(event)) {
            offer(streams, frame, full);
          }
        });
    full.forEach(this::remove);
  }

  /** Tells all; those who answer false are no members any more. */
  void tell(Predicate<ClientStream> told) {
    List<ClientStream> gone = new ArrayList<>(0);
    for (ClientStream stream : all) {
      if (!told.test(stream)) {
        gone.add(stream);
      }
    }
    gone.forEach(this::remove);
  }

  /** All of them; none is a member afterwards. */
  List<ClientStream> dismiss() {
    List<ClientStream> dismissed = List.copyOf(all);
    all.clear();
    takeEverything.clear();
    bySource.clear();
    byFilter.clear();
    return dismissed;
  }

  private static void offer(
      Set<ClientStream> streams, Supplier<Frame> frame, List<ClientStream> full) {
    for (ClientStream stream : streams) {
      if (!stream.offer(frame.get())) {
        full.add(stream);
      }
    }
  }

  private static <K> void removeFrom(Map<K, Set<ClientStream>> index, K key, ClientStream stream) {
    Set<ClientStream> streams = index.get(key);
    if (streams != null && streams.remove(stream) && streams.isEmpty()) {
      index.remove(key);
    }
  }
}
