package io.varve.statemachine.snapshot;

/** A snapshot's files are not what its list of checksums says. */
public final class CorruptSnapshotException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public CorruptSnapshotException(String message) {
    super(message);
  }
}
