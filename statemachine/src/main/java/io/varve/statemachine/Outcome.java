package io.varve.statemachine;

import io.varve.proto.v1.Condition;
import java.util.List;
import java.util.Optional;

/** What the state machine decided about one append. The same on every node. */
public sealed interface Outcome {

  /**
   * The append landed, now or (when {@code replayed}) earlier under the same append id or origin.
   *
   * @param firstPosition position of its first event, for an origin run of the first that landed
   *     now; 0 = there is none
   * @param lastPosition position of its last event; 0 = there is none
   * @param versions each source's version after the append, if it touched it, in the order first
   *     touched
   * @param recordedMicros the recorded time, microseconds since 1970-01-01T00:00:00Z
   * @param replayed whether this is the original answer to an earlier append with the same id, or
   *     all numbers of the origin run had landed before
   * @param originPositions for an origin run, the position of each of its numbers, in order; 0 for
   *     a void. Else empty
   */
  record Appended(
      long firstPosition,
      long lastPosition,
      List<SourceVersion> versions,
      long recordedMicros,
      boolean replayed,
      List<Long> originPositions)
      implements Outcome {
    public Appended {
      versions = List.copyOf(versions);
      originPositions = List.copyOf(originPositions);
    }

    /** An append without an origin. */
    public Appended(
        long firstPosition,
        long lastPosition,
        List<SourceVersion> versions,
        long recordedMicros,
        boolean replayed) {
      this(firstPosition, lastPosition, versions, recordedMicros, replayed, List.of());
    }
  }

  /**
   * At least one condition did not hold; nothing was appended.
   *
   * @param failed every condition that failed, in request order; never empty
   */
  record Conflict(List<FailedCondition> failed) implements Outcome {
    public Conflict {
      failed = List.copyOf(failed);
    }
  }

  /**
   * The append cannot be decided as asked; nothing was appended and nothing is remembered.
   *
   * @param refusal why
   * @param field the request's field at fault, such as {@code append.conditions[2].after}; empty
   *     when none is
   * @param message for people: names the field, the limit and the value
   * @param expectedSequence for a sequence gap, the number expected next; else 0
   */
  record Refused(Refusal refusal, String field, String message, long expectedSequence)
      implements Outcome {

    /** A refusal that is not about a sequence gap. */
    public Refused(Refusal refusal, String field, String message) {
      this(refusal, field, message, 0);
    }
  }

  /** Why an append was refused. */
  enum Refusal {
    /** Malformed: an unset condition, an empty filter, an event without a source. */
    INVALID_ARGUMENT,
    /** The append id was used for other events. */
    APPEND_ID_REUSED,
    /** The append id may have been used and forgotten. */
    FATE_UNKNOWN,
    /** A number of this origin was used for another event, or for a void. */
    ORIGIN_DIVERGED,
    /** Numbers are missing between what is remembered of this origin and its run. */
    SEQUENCE_GAP,
    /** A position above the head. */
    OUT_OF_RANGE,
    /** Deciding the scopes takes more steps than the log allows. */
    SCOPE_TOO_WIDE,
    /** The log is not founded yet. */
    NOT_FOUNDED
  }

  /**
   * A source's version.
   *
   * @param source the source
   * @param version how many events it has had
   */
  record SourceVersion(String source, long version) {}

  /**
   * One condition that failed.
   *
   * @param index its index in the request, from 0
   * @param expected the condition as asked
   * @param foundVersion for an expected version, the version found; 0 = the source does not exist
   * @param newest the newest conflicting event; for an expected version the source's newest event,
   *     if any
   */
  record FailedCondition(
      int index, Condition expected, long foundVersion, Optional<ConflictingEvent> newest) {}

  /**
   * Enough about an event to explain a conflict.
   *
   * @param position its position
   * @param source its source
   * @param type its event type
   */
  record ConflictingEvent(long position, String source, String type) {}
}
