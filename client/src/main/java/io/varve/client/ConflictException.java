package io.varve.client;

import java.util.Objects;

/**
 * A condition did not hold, thrown only by {@link AppendResult#orThrow()} for callers who want it
 * as an exception. Nothing was appended.
 */
public final class ConflictException extends VarveException {
  private static final long serialVersionUID = 1L;

  private final transient AppendResult.Conflict conflict;

  /**
   * Tests of applications may make their own.
   *
   * @param conflict every condition that failed
   */
  public ConflictException(AppendResult.Conflict conflict) {
    super(ErrorCode.CONFLICT, "conflict: " + conflict.failed(), "", null);
    this.conflict = Objects.requireNonNull(conflict, "conflict");
  }

  /** Every condition that failed. */
  public AppendResult.Conflict conflict() {
    return conflict;
  }
}
