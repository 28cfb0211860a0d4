package io.varve.statemachine.store;

import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** What the writer knows of one label: its number, and what the entry being applied adds to it. */
final class LabelEntry {

  private static final long UNKNOWN = -1;

  private final long number;

  /** The newest position in the store; 0 = none. */
  private long committedTail;

  private @Nullable LongList staged;

  private LabelEntry(long number, long committedTail) {
    this.number = number;
    this.committedTail = committedTail;
  }

  /** A label no event in the store has. */
  static LabelEntry created(long number) {
    return new LabelEntry(number, 0);
  }

  /** A label in the store, whose newest position is looked up when it is first needed. */
  static LabelEntry loaded(long number) {
    return new LabelEntry(number, UNKNOWN);
  }

  long number() {
    return number;
  }

  void add(long position) {
    if (staged == null) {
      staged = new LongList();
    }
    staged.add(position);
  }

  boolean isStaged() {
    return staged != null;
  }

  /** Whether the event at the newest position so far was staged with this label. */
  boolean isStagedAt(long position) {
    return staged != null && staged.get(staged.size() - 1) == position;
  }

  /** The newest staged position at or below a bound; 0 if there is none. */
  long stagedFloor(long bound) {
    return staged == null ? 0 : staged.floor(bound);
  }

  /** The newest position in the store at or below a bound; 0 if there is none. */
  long committedFloor(long bound, LongFunction<LabelReads> reads) {
    if (committedTail == UNKNOWN) {
      committedTail = reads.apply(number).floor(number, Long.MAX_VALUE);
    }
    return committedTail <= bound ? committedTail : reads.apply(number).floor(number, bound);
  }

  /** What was staged is in the store now. */
  void commit() {
    if (staged != null) {
      committedTail = staged.get(staged.size() - 1);
      staged = null;
    }
  }
}
