package io.varve.gateway.sse;

import io.varve.client.ErrorCode;
import io.varve.client.VarveException;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.Problems;
import java.util.EnumSet;
import java.util.Set;

/** Which failures pass by themselves. */
final class Retries {
  private static final Set<ErrorCode> PASSING =
      EnumSet.of(ErrorCode.UNAVAILABLE, ErrorCode.OVERLOADED, ErrorCode.DEADLINE_EXCEEDED);

  private static final Set<ProblemCode> PASSING_PROBLEMS =
      EnumSet.of(ProblemCode.UNAVAILABLE, ProblemCode.OVERLOADED, ProblemCode.DEADLINE_EXCEEDED);

  private Retries() {}

  /** Of the cluster: for the gateway to try again. */
  static boolean isWorthwhile(Throwable failure) {
    return Problems.unwrap(failure) instanceof VarveException varve
        && PASSING.contains(varve.code());
  }

  /** Of the cluster or of the gateway itself: for its clients to come again. */
  static boolean isWorthwhile(Problem problem) {
    return PASSING_PROBLEMS.contains(problem.code());
  }
}
