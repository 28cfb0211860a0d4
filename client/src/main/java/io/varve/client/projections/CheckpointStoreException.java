package io.varve.client.projections;

import org.jspecify.annotations.Nullable;

/**
 * A checkpoint store could not be read or written: the database is away, the disk is full. Says
 * nothing of whether a commit that was under way happened. A runner tries again for as long as it
 * runs.
 */
public final class CheckpointStoreException extends ProjectionException {
  private static final long serialVersionUID = 1L;

  /**
   * Implementations of stores make them.
   *
   * @param message for people
   * @param cause what led to it, if anything did
   */
  public CheckpointStoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
