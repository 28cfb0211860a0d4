package io.varve.gateway.http;

import io.varve.client.Filter;
import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import io.varve.client.SubscribeOptions;
import io.varve.client.json.FilterJson;
import io.varve.client.json.JsonSyntaxException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a pull asks for.
 *
 * @param source only events of this source
 * @param filter only events that match
 * @param after only events at greater positions; 0 = from the first
 * @param afterVersion only events of the source with greater versions
 * @param before when descending: only events at smaller positions
 * @param descending newest first
 * @param limit at most this many events
 * @param patience how long to wait for an event when there is none
 * @param consistency how fresh
 */
record PullQuery(
    Optional<String> source,
    Optional<Filter> filter,
    long after,
    OptionalLong afterVersion,
    OptionalLong before,
    boolean descending,
    int limit,
    Duration patience,
    ReadConsistency consistency) {

  static final String[] PARAMETERS = {
    "source",
    "filter",
    "after",
    "afterVersion",
    "before",
    "order",
    "limit",
    "wait",
    "consistency",
    "atLeast"
  };

  static final int MAX_LIMIT = 1_000;
  static final int DEFAULT_LIMIT = 256;
  static final int MAX_WAIT_SECONDS = 60;

  /** Reads it from a query. */
  static PullQuery of(Query query) {
    boolean descending = query.word("order", "asc", "asc", "desc").equals("desc");
    exclude(query, "source", "filter");
    exclude(query, "after", "afterVersion");
    if (descending) {
      for (String name : new String[] {"after", "afterVersion", "wait"}) {
        if (query.has(name)) {
          throw JsonReader.invalid(
              name, "'" + name + "' does not go with order=desc: use 'before'");
        }
      }
    } else if (query.has("before")) {
      throw JsonReader.invalid("before", "'before' goes with order=desc only: use 'after'");
    }
    Optional<String> source = query.name("source");
    if (query.has("afterVersion") && source.isEmpty()) {
      throw JsonReader.invalid("afterVersion", "'afterVersion' needs a 'source'");
    }
    return new PullQuery(
        source,
        query.text("filter").map(PullQuery::filter),
        query.number("after", 0, Long.MAX_VALUE - 1).orElse(0),
        query.number("afterVersion", 0, Long.MAX_VALUE - 1),
        query.number("before", 1, Long.MAX_VALUE),
        descending,
        (int) query.number("limit", 1, MAX_LIMIT).orElse(DEFAULT_LIMIT),
        Duration.ofSeconds(query.number("wait", 0, MAX_WAIT_SECONDS).orElse(0)),
        query.consistency(true));
  }

  /** The read of one page, and one event more to see whether there is one. */
  ReadOptions read() {
    ReadOptions.Builder options = ReadOptions.builder().limit(limit + 1L);
    source.ifPresent(options::source);
    filter.ifPresent(options::filter);
    if (descending) {
      options.backward();
      before.ifPresent(position -> options.fromPosition(position - 1));
    } else if (afterVersion.isPresent()) {
      options.fromVersion(Math.addExact(afterVersion.getAsLong(), 1));
    } else {
      options.fromPosition(Math.addExact(after, 1));
    }
    // Never a page that has not what the client has seen already.
    return options
        .consistency(
            new ReadConsistency(
                consistency.answersLocally(), Math.max(consistency.atLeast(), after)))
        .build();
  }

  /** What to follow while waiting for an event after a position. */
  SubscribeOptions follow(long position) {
    SubscribeOptions.Builder options = SubscribeOptions.builder();
    source.ifPresent(options::source);
    filter.ifPresent(options::filter);
    return options.afterPosition(position).build();
  }

  /** The same, after a position that must be shown. */
  PullQuery continuedAfter(long position, long atLeast) {
    return new PullQuery(
        source,
        filter,
        position,
        OptionalLong.empty(),
        before,
        descending,
        limit,
        Duration.ZERO,
        ReadConsistency.atLeast(atLeast));
  }

  private static Filter filter(String json) {
    try {
      return FilterJson.readFilter(json);
    } catch (JsonSyntaxException e) {
      throw JsonReader.invalid("filter", String.valueOf(e.getMessage()));
    }
  }

  private static void exclude(Query query, String one, String other) {
    if (query.has(one) && query.has(other)) {
      throw JsonReader.invalid(other, "'" + one + "' and '" + other + "' exclude each other");
    }
  }
}
