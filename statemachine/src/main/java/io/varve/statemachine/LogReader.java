package io.varve.statemachine;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.Filter;
import java.util.Optional;
import java.util.UUID;

/**
 * Reads what this node has applied. Only committed events are ever visible.
 *
 * <p>Thread-safe. Every method answers from one consistent state; two calls may see different ones,
 * the later never the older. Cursors keep working while a snapshot is installed beneath them, and
 * keep what they read on disk and in memory until closed: close them soon. The reader of a closed
 * {@link LogCore} throws {@link LogClosedException}.
 */
public interface LogReader {

  /** The newest applied position; 0 = the log is empty. */
  long head();

  /**
   * The recorded time of the event at the head, microseconds since the epoch; 0 = the log is empty.
   */
  long recordedMicros();

  /** The Raft index of the newest applied entry. */
  long appliedIndex();

  /** The log identity, 16 bytes; empty while the log is not founded. */
  ByteString logIdentity();

  /** The source's version; 0 = it does not exist. */
  long version(String source);

  /** The event at a position, or empty beyond the head. */
  Optional<StoredEvent> event(long position);

  /** The position of a source's event with the given version, or empty if it has none. */
  Optional<Long> position(String source, long version);

  /**
   * The original answer (marked replayed) to the append of that id, while it is remembered.
   *
   * <p>Empty means: no append of that id has landed up to a head read before this call, unless it
   * was forgotten, so that it began at or below a head read after this call less {@link
   * #dedupWindow()}.
   */
  Optional<Outcome.Appended> append(UUID id);

  /** For how many positions an append id is remembered; fixed when the log was founded. */
  long dedupWindow();

  /** Every event from a position on (inclusive). Backward: from it down to 1. */
  EventCursor log(long fromPosition, Direction direction);

  /** A source's events from a version on (inclusive). */
  EventCursor source(String source, long fromVersion, Direction direction);

  /**
   * The events a filter matches, from a position on (inclusive), found through the indexes.
   *
   * @throws IllegalArgumentException if the filter has no item, or an item names no label
   */
  EventCursor filter(Filter filter, long fromPosition, Direction direction);

  /** Which way a cursor walks. */
  enum Direction {
    /** Oldest first. */
    FORWARD,
    /** Newest first. */
    BACKWARD
  }
}
