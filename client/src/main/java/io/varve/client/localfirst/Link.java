package io.varve.client.localfirst;

import java.util.Optional;

/** What one loop last found out about the gateways. Immutable. */
record Link(State state, Optional<LocalProblem> problem) {

  static final Link UNKNOWN = new Link(State.UNKNOWN, Optional.empty());
  static final Link UP = new Link(State.UP, Optional.empty());

  enum State {
    /** Nothing: it has had nothing to ask. */
    UNKNOWN,
    UP,
    DOWN
  }

  static Link down(LocalProblem problem) {
    return new Link(State.DOWN, Optional.of(problem));
  }

  /** A gateway answers, and something is wrong nonetheless. */
  static Link upBut(LocalProblem problem) {
    return new Link(State.UP, Optional.of(problem));
  }
}
