package io.varve.statemachine;

import java.util.List;
import java.util.Optional;

/**
 * A page of the newest events of a source's keys.
 *
 * @param events the newest event of each key, by the bytes of the keys in UTF-8; keys whose newest
 *     event is a tombstone are left out, so that a page may have no event and still not be the last
 * @param lastKey the last key this page looked at, when there are more: ask again after it. Empty =
 *     this page is the last
 */
public record LatestPage(List<StoredEvent> events, Optional<String> lastKey) {
  public LatestPage {
    events = List.copyOf(events);
  }
}
