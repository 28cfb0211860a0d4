package io.varve.gateway.sse;

import io.varve.client.ErrorCode;
import io.varve.client.VarveException;
import io.varve.gateway.problem.Problems;
import java.util.EnumSet;
import java.util.Set;

/** Which failures of the cluster pass. */
final class Retries {
  private static final Set<ErrorCode> PASSING =
      EnumSet.of(ErrorCode.UNAVAILABLE, ErrorCode.OVERLOADED, ErrorCode.DEADLINE_EXCEEDED);

  private Retries() {}

  static boolean isWorthwhile(Throwable failure) {
    return Problems.unwrap(failure) instanceof VarveException varve
        && PASSING.contains(varve.code());
  }
}
