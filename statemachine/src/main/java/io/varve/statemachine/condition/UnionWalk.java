package io.varve.statemachine.condition;

import io.varve.statemachine.LogReader.Direction;
import java.util.List;

/** Stops wherever any of its members stops, once. */
public final class UnionWalk implements Walk {

  private final Walk[] members;
  private final Direction direction;

  /** Each member's last answer; {@code 0} before the first question and after the last stop. */
  private final long[] stops;

  private final boolean[] asked;

  /** Over members that all walk in the given direction. */
  public UnionWalk(List<? extends Walk> members, Direction direction) {
    this.members = members.toArray(new Walk[0]);
    this.direction = direction;
    this.stops = new long[this.members.length];
    this.asked = new boolean[this.members.length];
  }

  @Override
  public long seek(long position) {
    long nearest = NONE;
    for (int i = 0; i < members.length; i++) {
      long stop = seek(i, position);
      if (stop != NONE && (nearest == NONE || comesBefore(stop, nearest))) {
        nearest = stop;
      }
    }
    return nearest;
  }

  @Override
  public long steps() {
    long steps = 0;
    for (Walk member : members) {
      steps += member.steps();
    }
    return steps;
  }

  /** A member that has stopped past the position already need not be asked again. */
  private long seek(int member, long position) {
    long stop = stops[member];
    if (!asked[member] || (stop != NONE && comesBefore(stop, position))) {
      asked[member] = true;
      stop = members[member].seek(position);
      stops[member] = stop;
    }
    return stop;
  }

  private boolean comesBefore(long position, long other) {
    return direction == Direction.FORWARD ? position < other : position > other;
  }
}
