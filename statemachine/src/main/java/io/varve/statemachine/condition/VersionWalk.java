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

  /** How many versions, in walking order, are known to lie before every later question. */
  private long passed;

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
    // Invariant: version number `low` (in walking order, from 0) lies before the position, or is
    // the
    // last one passed; the answer is in (low, high].
    long low = passed - 1;
    long stride = 1;
    long high = passed;
    while (high < versions && !reached(high, position)) {
      low = high;
      high = stride > versions - high ? versions : high + stride;
      stride <<= 1;
    }
    high = Math.min(high, versions);
    while (high - low > 1) {
      long middle = (low + high) >>> 1;
      if (reached(middle, position)) {
        high = middle;
      } else {
        low = middle;
      }
    }
    passed = high;
    return high == versions ? NONE : positionAt(high);
  }

  /** The number of binary digits of the version: what a bisection of all of them would take. */
  @Override
  public long steps() {
    return Math.max(1, Long.SIZE - Long.numberOfLeadingZeros(versions));
  }

  private boolean reached(long index, long position) {
    long at = positionAt(index);
    return direction == Direction.FORWARD ? at >= position : at <= position;
  }

  private long positionAt(long index) {
    return positionOfVersion.applyAsLong(
        direction == Direction.FORWARD ? index + 1 : versions - index);
  }
}
