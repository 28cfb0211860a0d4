package io.varve.client;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What became of an append: it landed, or a condition did not hold. Both are outcomes; everything
 * else is a {@link VarveException}.
 */
public sealed interface AppendResult {

  /**
   * The append, if it landed.
   *
   * @throws ConflictException if a condition did not hold
   */
  default Appended orThrow() {
    if (this instanceof Appended appended) {
      return appended;
    }
    throw new ConflictException((Conflict) this);
  }

  /**
   * The append landed: fsynced on a majority, and never taken back.
   *
   * @param firstPosition position of its first event; 0 if there is none: nothing but conditions
   *     was asked, or nothing of a run of an {@link Origin} was new
   * @param lastPosition position of its last event; 0 if there is none
   * @param versions each touched source's version after the append, iterating in the order first
   *     touched
   * @param recorded when the log recorded it; microseconds
   * @param replayed whether this is the original answer to an earlier attempt of the same append
   *     id, or everything of a run had landed before
   * @param originPositions for a run of an {@link Origin}, the position of each of its numbers, in
   *     order, whether it landed now or earlier; 0 for a void. Otherwise empty
   */
  record Appended(
      long firstPosition,
      long lastPosition,
      Map<String, Long> versions,
      Instant recorded,
      boolean replayed,
      List<Long> originPositions)
      implements AppendResult {
    public Appended {
      versions =
          versions.size() <= 1
              ? Map.copyOf(versions)
              : Collections.unmodifiableMap(new LinkedHashMap<>(versions));
      Objects.requireNonNull(recorded, "recorded");
      originPositions = List.copyOf(originPositions);
    }

    /** An append without an origin. */
    public Appended(
        long firstPosition,
        long lastPosition,
        Map<String, Long> versions,
        Instant recorded,
        boolean replayed) {
      this(firstPosition, lastPosition, versions, recorded, replayed, List.of());
    }

    /**
     * The version of a source after the append.
     *
     * @throws IllegalArgumentException if the append did not touch that source
     */
    public long version(String source) {
      Long version = versions.get(source);
      if (version == null) {
        throw new IllegalArgumentException("the append did not touch source '" + source + "'");
      }
      return version;
    }
  }

  /**
   * At least one condition did not hold; nothing was appended.
   *
   * @param failed every condition that failed, in request order; never empty
   */
  record Conflict(List<FailedCondition> failed) implements AppendResult {
    public Conflict {
      failed = List.copyOf(failed);
    }
  }

  /**
   * One condition that failed.
   *
   * @param index its index in the request, from 0
   * @param expected the condition as it was asked
   * @param foundVersion for an {@link ExpectedVersion}, the version found; 0 = the source does not
   *     exist
   * @param newest the newest conflicting event; for an expected version the source's newest event,
   *     if it has one
   */
  record FailedCondition(
      int index, Condition expected, long foundVersion, Optional<ConflictingEvent> newest) {
    public FailedCondition {
      Objects.requireNonNull(expected, "expected");
      Objects.requireNonNull(newest, "newest");
    }
  }

  /**
   * Enough about an event to explain a conflict.
   *
   * @param position its position
   * @param source its source
   * @param type its event type
   */
  record ConflictingEvent(long position, String source, String type) {}
}
