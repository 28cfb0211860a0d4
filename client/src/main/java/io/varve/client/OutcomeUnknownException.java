package io.varve.client;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The append was handed to the cluster and its answer was lost: it may have landed, or may land
 * yet.
 *
 * <p>If it had an append id, appending again with {@link AppendRequest.Builder#appendId} and the
 * same events yields the truth without ever writing twice; so does {@link VarveClient#getAppend}
 * once the append can no longer be under way. A run of an {@link Origin} is simply sent again.
 */
public final class OutcomeUnknownException extends VarveException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable AppendId appendId;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   * @param appendId the append's id, unless it had none
   * @param cause what led to it, if anything did
   */
  public OutcomeUnknownException(
      String message, Optional<AppendId> appendId, @Nullable Throwable cause) {
    super(ErrorCode.OUTCOME_UNKNOWN, message, "", cause);
    this.appendId = Objects.requireNonNull(appendId, "appendId").orElse(null);
  }

  /** The append's id, unless it had none. */
  public Optional<AppendId> appendId() {
    return Optional.ofNullable(appendId);
  }
}
