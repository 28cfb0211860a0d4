package io.varve.statemachine.condition;

import java.util.List;

/**
 * Stops where all of its members stop, by leapfrog: each member in turn is asked for its first stop
 * at or past the candidate, which becomes the candidate, until all have named the same one.
 */
public final class IntersectionWalk implements Walk {

  private final Walk[] members;

  /** Over at least one member, all walking the same way. */
  public IntersectionWalk(List<? extends Walk> members) {
    if (members.isEmpty()) {
      throw new IllegalArgumentException("an intersection needs at least one member");
    }
    this.members = members.toArray(new Walk[0]);
  }

  @Override
  public long seek(long position) {
    long candidate = position;
    int agreeing = 0;
    for (int i = 0; agreeing < members.length; i = (i + 1) % members.length) {
      long stop = members[i].seek(candidate);
      if (stop == NONE) {
        return NONE;
      }
      agreeing = stop == candidate ? agreeing + 1 : 1;
      candidate = stop;
    }
    return candidate;
  }
}
