package io.varve.statemachine.dedup;

import io.varve.proto.v1.Origin;

/**
 * Reads a run of numbers in order: each is a void, or the run's next event. Over a well-formed
 * origin. Not thread-safe.
 */
final class OriginRun {

  private final Origin origin;
  private final int length;
  private int taken;
  private int voids;

  OriginRun(Origin origin, int events) {
    this.origin = origin;
    this.length = events + origin.getVoidsCount();
  }

  /** How many numbers it has. */
  int length() {
    return length;
  }

  /** Moves to the next number; false if there is none. */
  boolean next() {
    if (taken == length) {
      return false;
    }
    if (taken > 0 && isVoid()) {
      voids++;
    }
    taken++;
    return true;
  }

  /** The number moved to. */
  long number() {
    return origin.getFirstSequence() + taken - 1;
  }

  /** Whether it is a void. */
  boolean isVoid() {
    return voids < origin.getVoidsCount() && origin.getVoids(voids) == number();
  }

  /** The index of its event, if it is none; else how many events are before it. */
  int event() {
    return taken - 1 - voids;
  }

  /** The field that its number or its event stands in. */
  String field() {
    return isVoid() ? "append.origin.voids[" + voids + "]" : "append.events[" + event() + "]";
  }
}
