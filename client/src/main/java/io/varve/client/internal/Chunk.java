package io.varve.client.internal;

import io.varve.client.SubscriptionItem;
import io.varve.proto.v1.RecordedEvent;
import java.util.List;

/** One response on its way to the consumer, who converts it item by item. */
final class Chunk {

  private final List<RecordedEvent> events;
  private final List<SubscriptionItem> notice;
  private int next;

  private Chunk(List<RecordedEvent> events, List<SubscriptionItem> notice) {
    this.events = events;
    this.notice = notice;
  }

  static Chunk of(List<RecordedEvent> events) {
    return new Chunk(events, List.of());
  }

  static Chunk of(SubscriptionItem notice) {
    return new Chunk(List.of(), List.of(notice));
  }

  /** An empty one that only wakes the consumer. */
  static Chunk empty() {
    return new Chunk(List.of(), List.of());
  }

  boolean hasNext() {
    return next < events.size() + notice.size();
  }

  SubscriptionItem next() {
    int index = next++;
    return index < events.size()
        ? Convert.event(events.get(index))
        : notice.get(index - events.size());
  }
}
