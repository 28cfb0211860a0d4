package io.varve.client;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A page of newest events, one per key, by key.
 *
 * <p>Pages need not show one moment, but none is older than {@code asOf}: whoever applies them,
 * newest position winning, and then follows the source after {@code asOf} misses nothing.
 *
 * @param events the newest event of each key; a key that was removed by a tombstone is left out
 * @param asOf the head the first page was answered at: the same in every page
 * @param next what to ask for the next page; empty = this is the last
 */
public record LatestPage(List<Event> events, long asOf, Optional<LatestOptions> next) {
  public LatestPage {
    events = List.copyOf(events);
    Objects.requireNonNull(next, "next");
  }
}
