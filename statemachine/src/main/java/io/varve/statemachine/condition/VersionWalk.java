package io.varve.statemachine.condition;

import io.varve.statemachine.LogReader.Direction;
import java.util.function.LongUnaryOperator;

/**
 * Stops at the events of one source. There is no posting list per source: the positions of its
 * versions rise, so a position is found by galloping from the last stop and then bisecting.
 */
public final class VersionWalk implements Walk {

  private final Direction direction;
  private final long versions;
  private final LongUnaryOperator positionOfVersion;

  /** The last stop, counted in walking order from 0; −1 before the first. */
  private long stop = -1;

  /** Its position, {@link #NONE} before the first. */
  private long stopPosition = NONE;

  /**
   * @param versions the source's version: how many events it has
   * @param positionOfVersion the position of each version from 1 to {@code versions}
   */
  public VersionWalk(Direction direction, long versions, LongUnaryOperator positionOfVersion) {
    this.direction = direction;
    this.versions = versions;
    this.positionOfVersion = positionOfVersion;
  }

  @Override
  public long seek(long position) {
    if (stopPosition != NONE && reaches(stopPosition, position)) {
      return stopPosition;
    }
    // Invariant: `low` lies before the position, as does everything before it; the answer is in
    // (low, high], where `versions` stands for none, and `answer` is the position of `high`.
    long low = stop;
    long high = Math.min(low + 1, versions);
    long answer = NONE;
    for (long stride = 2; high < versions; stride <<= 1) {
      long at = positionAt(high);
      if (reaches(at, position)) {
        answer = at;
        break;
      }
      low = high;
      high = stride > versions - low ? versions : low + stride;
    }
    while (high - low > 1) {
      long middle = (low + high) >>> 1;
      long at = positionAt(middle);
      if (reaches(at, position)) {
        high = middle;
        answer = at;
      } else {
        low = middle;
      }
    }
    stop = high;
    stopPosition = answer;
    return answer;
  }

  /** The number of binary digits of the version: what a bisection of all of them would take. */
  @Override
  public long steps() {
    return Math.max(1, Long.SIZE - Long.numberOfLeadingZeros(versions));
  }

  private boolean reaches(long stopAt, long position) {
    return direction == Direction.FORWARD ? stopAt >= position : stopAt <= position;
  }

  private long positionAt(long index) {
    return positionOfVersion.applyAsLong(
        direction == Direction.FORWARD ? index + 1 : versions - index);
  }
}
