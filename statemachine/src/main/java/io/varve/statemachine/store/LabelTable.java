package io.varve.statemachine.store;

import io.varve.statemachine.condition.LabelKind;
import io.varve.statemachine.condition.Walk;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The writer's view of all labels: those used lately in memory, the others in the store, and on top
 * what the entry being applied adds. Not thread-safe.
 */
final class LabelTable {

  private static final int READS = 8;

  private final LogStore store;
  private final NamesColumn names;
  private final LabelsColumn labels;
  private final LruMap<Label, LabelEntry> cache;
  private final List<LabelEntry> staged = new ArrayList<>();

  private long nextNumber;

  /**
   * Reads what is committed, while one entry is applied; opened when first needed. Several, so that
   * the lists of a scope seldom drive each other's reads away from where they stand.
   */
  private final @Nullable LabelReads[] reads = new LabelReads[READS];

  LabelTable(LogStore store, int capacity, long nextNumber) {
    this.store = store;
    this.names = store.names();
    this.labels = store.labels();
    this.cache = new LruMap<>(capacity);
    this.nextNumber = nextNumber;
  }

  /** The number that the next new label gets. */
  long nextNumber() {
    return nextNumber;
  }

  /** Adds an event to a label's list; nothing if the label is empty or the event is in it. */
  void add(LabelKind kind, String value, long position, Batch batch) {
    if (value.isEmpty()) {
      return;
    }
    Label label = new Label(kind, value);
    LabelEntry entry = find(label);
    if (entry == null) {
      entry = LabelEntry.created(nextNumber++);
      names.put(batch, label, entry.number());
      cache.put(label, entry);
    }
    if (entry.isStagedAt(position)) {
      return;
    }
    if (!entry.isStaged()) {
      staged.add(entry);
    }
    entry.add(position);
    labels.put(batch, entry.number(), position);
  }

  /** Walks a label's list backward, newest staged first. Valid while this entry is applied. */
  Walk backward(LabelKind kind, String value) {
    LabelEntry entry = find(new Label(kind, value));
    return entry == null ? Walk.empty() : position -> floor(entry, position);
  }

  /** What was staged is in the store now. */
  void commit() {
    staged.forEach(LabelEntry::commit);
    staged.clear();
    cache.trim();
    close();
  }

  /** Closes what reading opened. */
  void close() {
    for (int i = 0; i < READS; i++) {
      LabelReads opened = reads[i];
      if (opened != null) {
        opened.close();
        reads[i] = null;
      }
    }
  }

  private long floor(LabelEntry entry, long position) {
    long found = entry.stagedFloor(position);
    return found != 0 ? found : entry.committedFloor(position, this::reads);
  }

  private @Nullable LabelEntry find(Label label) {
    LabelEntry cached = cache.get(label);
    if (cached != null) {
      return cached;
    }
    long number = names.number(label);
    if (number == 0) {
      return null;
    }
    LabelEntry loaded = LabelEntry.loaded(number);
    cache.put(label, loaded);
    return loaded;
  }

  private LabelReads reads(long label) {
    int at = (int) (label % READS);
    LabelReads opened = reads[at];
    if (opened == null) {
      opened = new LabelReads(store);
      reads[at] = opened;
    }
    return opened;
  }
}
