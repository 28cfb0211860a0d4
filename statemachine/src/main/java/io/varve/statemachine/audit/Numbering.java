package io.varve.statemachine.audit;

import io.varve.statemachine.StoredEvent;
import io.varve.statemachine.condition.LabelKind;
import io.varve.statemachine.store.StoreContents;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/** The numbers of sources, labels and origins as the store has them; those used lately at hand. */
final class Numbering {

  /** A label. */
  record Label(LabelKind kind, String value) {}

  /** Who writes local-first events. */
  record Origin(String client, String buffer) {

    /** Who wrote an event. */
    static Origin of(StoredEvent event) {
      return new Origin(event.clientId(), event.bufferId());
    }
  }

  private final Recent<String> sources;
  private final Recent<Label> labels;
  private final Recent<Origin> origins;

  Numbering(StoreContents contents) {
    this.sources = new Recent<>(contents::sourceNumber);
    this.labels = new Recent<>(label -> contents.labelNumber(label.kind(), label.value()));
    this.origins = new Recent<>(origin -> contents.originNumber(origin.client(), origin.buffer()));
  }

  /** A source's number; 0 if it has none. */
  long of(String source) {
    return sources.of(source);
  }

  /** A label's number; 0 if it has none. */
  long of(Label label) {
    return labels.of(label);
  }

  /** An origin's number; 0 if it has none. */
  long of(Origin origin) {
    return origins.of(origin);
  }

  /** The labels of an event, each once. */
  static Set<Label> labels(StoredEvent event) {
    Set<Label> labels = new LinkedHashSet<>();
    labels.add(new Label(LabelKind.SOURCE_TYPE, event.sourceType()));
    labels.add(new Label(LabelKind.STREAM_TYPE, event.streamType()));
    labels.add(new Label(LabelKind.STREAM_ID, event.streamId()));
    labels.add(new Label(LabelKind.EVENT_TYPE, event.type()));
    event.tags().forEach(tag -> labels.add(new Label(LabelKind.TAG, tag)));
    labels.removeIf(label -> label.value().isEmpty());
    return labels;
  }

  /** Numbers looked up lately. */
  private static final class Recent<K> {
    private static final int BOUND = 65_536;

    private final ToLongFunction<K> lookup;
    private final Map<K, Long> numbers =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<K, Long> eldest) {
            return size() > BOUND;
          }
        };

    Recent(ToLongFunction<K> lookup) {
      this.lookup = lookup;
    }

    long of(K name) {
      Long known = numbers.get(name);
      if (known == null) {
        known = lookup.applyAsLong(name);
        numbers.put(name, known);
      }
      return known;
    }
  }
}
