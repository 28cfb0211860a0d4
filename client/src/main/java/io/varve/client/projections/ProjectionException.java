package io.varve.client.projections;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Why a projection cannot go on, or why something asked of it was refused. Unchecked. */
public class ProjectionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Implementations of stores and tests of applications may make their own.
   *
   * @param message for people: what is wrong, and what mends it
   * @param cause what led to it, if anything did
   */
  public ProjectionException(String message, @Nullable Throwable cause) {
    super(Objects.requireNonNull(message, "message"), cause);
  }

  /** Without a cause. */
  public ProjectionException(String message) {
    this(message, null);
  }
}
