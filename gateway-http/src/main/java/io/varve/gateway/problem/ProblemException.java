package io.varve.gateway.problem;

import java.util.Objects;

/** A request fails with a problem. Thrown by routes and whatever they call; answered as it says. */
public final class ProblemException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  public ProblemException(Problem problem) {
    // Expected and frequent: a stack would tell nothing.
    super(problem.code() + ": " + problem.detail(), null, false, false);
    this.problem = Objects.requireNonNull(problem, "problem");
  }

  /** The problem. */
  public Problem problem() {
    return problem;
  }
}
