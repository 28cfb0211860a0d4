package io.varve.client;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What can go wrong, apart from conflicts, which are results. Unchecked; every kind has its own
 * class and {@link #code()}.
 *
 * <p>For appends: {@link OutcomeUnknownException} means that the append may have landed. {@link
 * FateUnknownException}, {@link SequenceGapException}, {@link OriginDivergedException} and {@link
 * LogIdentityMismatchException} say nothing of earlier attempts. Every other kind means that
 * nothing was appended.
 */
public abstract class VarveException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final String field;

  VarveException(ErrorCode code, String message, String field, @Nullable Throwable cause) {
    super(message, cause);
    this.code = Objects.requireNonNull(code, "code");
    this.field = Objects.requireNonNull(field, "field");
  }

  /** What kind of error. */
  public final ErrorCode code() {
    return code;
  }

  /**
   * The request's field at fault, such as {@code append.events[3].source}; empty when no one field
   * is.
   */
  public final String field() {
    return field;
  }
}
