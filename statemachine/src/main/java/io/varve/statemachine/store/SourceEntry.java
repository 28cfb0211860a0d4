package io.varve.statemachine.store;

import org.jspecify.annotations.Nullable;

/** What the writer knows of one source: its number, and what the entry being applied adds to it. */
final class SourceEntry {

  private final String name;

  private long number;

  private long committedVersion;
  private long newestPosition;
  private @Nullable LongList staged;

  /** The first position of the append that last added to it. */
  private long addedBy;

  /**
   * @param version how many events of it are in the store
   * @param newestPosition the position of the newest of them; 0 = there are none
   */
  SourceEntry(String name, long number, long version, long newestPosition) {
    this.name = name;
    this.number = number;
    this.committedVersion = version;
    this.newestPosition = newestPosition;
  }

  /** A source that does not exist: it has no number yet, and no events. */
  static SourceEntry missing(String name) {
    return new SourceEntry(name, 0, 0, 0);
  }

  boolean exists() {
    return number != 0;
  }

  /** Gives a source that did not exist its number. */
  void create(long newNumber) {
    number = newNumber;
  }

  String name() {
    return name;
  }

  long number() {
    return number;
  }

  long version() {
    return staged == null ? committedVersion : committedVersion + staged.size();
  }

  long newestPosition() {
    return newestPosition;
  }

  /** Adds an event; returns its version. */
  long add(long position) {
    if (staged == null) {
      staged = new LongList();
    }
    staged.add(position);
    newestPosition = position;
    return version();
  }

  /** Whether this append (named by its first position) adds to the source for the first time. */
  boolean isFirstOf(long append) {
    boolean first = addedBy != append;
    addedBy = append;
    return first;
  }

  /** The position of a version, from 1 to {@link #version()}. */
  long position(long version, BySourceColumn bySource) {
    return staged != null && version > committedVersion
        ? staged.get((int) (version - committedVersion - 1))
        : bySource.position(number, version);
  }

  boolean isStaged() {
    return staged != null;
  }

  /** What was staged is in the store now. */
  void commit() {
    committedVersion = version();
    staged = null;
  }
}
