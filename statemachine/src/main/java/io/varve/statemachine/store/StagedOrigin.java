package io.varve.statemachine.store;

import org.jspecify.annotations.Nullable;

/**
 * What the writer knows of one origin: which of its numbers have landed and where, those that the
 * entry being applied adds included. Not thread-safe.
 */
public final class StagedOrigin {

  private final OriginName name;
  private final ByOriginColumn byOrigin;
  private final byte[] headerPart;

  private long number;
  private long committedLast;

  /** Where the numbers behind the committed ones stand; 0 for a void. */
  private @Nullable LongList staged;

  /**
   * @param number its number; 0 = it has none yet, because nothing of it has landed
   * @param last the last of its own numbers that is in the store
   */
  StagedOrigin(OriginName name, ByOriginColumn byOrigin, long number, long last) {
    this.name = name;
    this.byOrigin = byOrigin;
    this.headerPart = name.headerPart();
    this.number = number;
    this.committedLast = last;
  }

  /** The last of its numbers that has landed, as an event or as a void; 0 = none has. */
  public long last() {
    return staged == null ? committedLast : committedLast + staged.size();
  }

  /** The position of a number, from 1 to the last; 0 if it is a void. */
  public long position(long sequence) {
    return staged != null && sequence > committedLast
        ? staged.get((int) (sequence - committedLast - 1))
        : byOrigin.position(number, sequence);
  }

  OriginName name() {
    return name;
  }

  byte[] headerPart() {
    return headerPart;
  }

  long number() {
    return number;
  }

  boolean exists() {
    return number != 0;
  }

  /** Gives an origin of which nothing has landed its number. */
  void create(long newNumber) {
    number = newNumber;
  }

  /** Its next number lands; returns it. */
  long add(long position) {
    if (staged == null) {
      staged = new LongList();
    }
    staged.add(position);
    return last();
  }

  boolean isStaged() {
    return staged != null;
  }

  /** What was staged is in the store now. */
  void commit() {
    committedLast = last();
    staged = null;
  }
}
