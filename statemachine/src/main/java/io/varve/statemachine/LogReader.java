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

  /**
   * The newest event of each of a source's keys, in pages by key. What applying has just put there
   * may be newer than a head read before this call; nothing is older.
   *
   * @param keyPrefix only keys that begin with this; empty = all
   * @param afterKey only keys greater than this, by their bytes in UTF-8; empty = from the first
   * @param mostEvents at most this many events, at least 1
   * @param mostBytes no further event once the payloads and metadata of those taken have this many
   *     bytes: a page has at most so much and one event more
   */
  LatestPage latest(
      String source, String keyPrefix, String afterKey, int mostEvents, long mostBytes);

  /**
   * The sources whose names have a prefix, in pages by name.
   *
   * @param prefix only names that begin with this; empty = all
   * @param afterSource only names greater than this, by their bytes in UTF-8; empty = from the
   *     first
   * @param most at most this many, at least 1
   */
  SourcePage sources(String prefix, String afterSource, int most);

  /**
   * The newest position recorded at or before a time, microseconds since the epoch; 0 = there is
   * none.
   */
  long positionAt(long recordedMicros);

  /**
   * The highest number of a client's buffer that has landed, as an event or a void; 0 = none. The
   * next is one more.
   */
  long lastSequence(String clientId, String bufferId);

  /**
   * The chain hash at a position, 32 bytes; at 0 the one before the first event. Empty beyond the
   * head. Reads up to 1,023 events: hashes are kept only every so often.
   */
  Optional<ByteString> chainHash(long position);

  /** What the store takes and is busy with. */
  StoreStatistics statistics();

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
