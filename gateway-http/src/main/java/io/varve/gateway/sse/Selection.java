package io.varve.gateway.sse;

import io.varve.client.Event;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.client.ReadOptions;
import io.varve.client.SubscribeOptions;
import io.varve.gateway.identity.Caller;
import io.varve.gateway.identity.ReservedSources;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a stream is about. Two that select the same by the same words are equal, whatever the order
 * they were named in, so that their streams share what is upstream.
 */
sealed interface Selection {

  /** What the log takes as items of one filter. */
  int MAX_FILTER_ITEMS = 16;

  /** Whether an event is one of them. */
  boolean includes(Event event);

  /** A subscription of exactly these events; empty when one subscription cannot name them. */
  Optional<SubscribeOptions.Builder> subscription();

  /** Reads that together give exactly these events. */
  List<ReadOptions.Builder> reads();

  /**
   * Passes if the caller may read all of this.
   *
   * @throws ProblemException if not
   */
  void requireRead(Caller caller);

  /** Every event. */
  record WholeLog() implements Selection {
    @Override
    public boolean includes(Event event) {
      return true;
    }

    @Override
    public Optional<SubscribeOptions.Builder> subscription() {
      return Optional.of(SubscribeOptions.builder());
    }

    @Override
    public List<ReadOptions.Builder> reads() {
      return List.of(ReadOptions.builder());
    }

    @Override
    public void requireRead(Caller caller) {
      caller.requireReadEverything("the whole log");
    }
  }

  /** Those of some sources. */
  record Sources(SortedSet<String> names) implements Selection {
    public Sources {
      names = Collections.unmodifiableSortedSet(new TreeSet<>(names));
    }

    @Override
    public boolean includes(Event event) {
      return names.contains(event.source());
    }

    @Override
    public Optional<SubscribeOptions.Builder> subscription() {
      if (names.size() == 1) {
        return Optional.of(SubscribeOptions.builder().source(names.first()));
      }
      return names.size() <= MAX_FILTER_ITEMS
          ? Optional.of(SubscribeOptions.builder().filter(anyOf(List.copyOf(names))))
          : Optional.empty();
    }

    @Override
    public List<ReadOptions.Builder> reads() {
      if (names.size() == 1) {
        return List.of(ReadOptions.builder().source(names.first()));
      }
      List<String> all = List.copyOf(names);
      List<ReadOptions.Builder> reads = new ArrayList<>();
      for (int from = 0; from < all.size(); from += MAX_FILTER_ITEMS) {
        int to = Math.min(all.size(), from + MAX_FILTER_ITEMS);
        reads.add(ReadOptions.builder().filter(anyOf(all.subList(from, to))));
      }
      return reads;
    }

    @Override
    public void requireRead(Caller caller) {
      for (String name : names) {
        caller.requireRead(name, "source");
        requireReadOwn(caller, name, "source");
      }
    }

    private static Filter anyOf(List<String> sources) {
      return new Filter(
          sources.stream().map(source -> FilterItem.builder().source(source).build()).toList());
    }
  }

  /** Those that a filter matches. */
  record Matching(Filter filter) implements Selection {
    public Matching {
      filter =
          new Filter(
              filter.anyOf().stream()
                  .map(Matching::canonical)
                  .distinct()
                  .sorted(Comparator.comparing(FilterItem::toString))
                  .toList());
    }

    private static FilterItem canonical(FilterItem item) {
      return new FilterItem(
          item.source(),
          item.sourceType(),
          item.streamType(),
          item.streamId(),
          item.types().stream().distinct().sorted().toList(),
          item.tags().stream().distinct().sorted().toList());
    }

    @Override
    public boolean includes(Event event) {
      for (FilterItem item : filter.anyOf()) {
        if (includes(item, event)) {
          return true;
        }
      }
      return false;
    }

    private static boolean includes(FilterItem item, Event event) {
      return isUnsetOr(item.source(), event.source())
          && isUnsetOr(item.sourceType(), event.sourceType())
          && isUnsetOr(item.streamType(), event.streamType())
          && isUnsetOr(item.streamId(), event.streamId())
          && (item.types().isEmpty() || item.types().contains(event.type()))
          && event.tags().containsAll(item.tags());
    }

    private static boolean isUnsetOr(String wanted, String label) {
      return wanted.isEmpty() || wanted.equals(label);
    }

    @Override
    public Optional<SubscribeOptions.Builder> subscription() {
      return Optional.of(SubscribeOptions.builder().filter(filter));
    }

    @Override
    public List<ReadOptions.Builder> reads() {
      return List.of(ReadOptions.builder().filter(filter));
    }

    @Override
    public void requireRead(Caller caller) {
      if (!caller.grants().mayRead(filter)) {
        throw new ProblemException(
            Problem.of(
                ProblemCode.PERMISSION_DENIED,
                "the filter could match what this client may not read: each item must name a"
                    + " source that a grant covers",
                "filter"));
      }
      for (FilterItem item : filter.anyOf()) {
        requireReadOwn(caller, item.source(), "filter");
      }
    }
  }

  private static void requireReadOwn(Caller caller, String source, String field) {
    if (ReservedSources.isReserved(source) && !caller.grants().mayReadEverything()) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.PERMISSION_DENIED,
              "source '"
                  + source
                  + "' is the gateway's own: it needs the grant to read every source ('*')",
              field));
    }
  }
}
