package io.varve.statemachine.ratis;

/**
 * When snapshots are taken and how many stay.
 *
 * @param logBytes a snapshot is taken after this many bytes of Raft log since the last one
 * @param kept how many complete snapshots stay, at least 1
 */
public record SnapshotPolicy(long logBytes, int kept) {

  public SnapshotPolicy {
    if (logBytes <= 0) {
      throw new IllegalArgumentException("logBytes must be positive, not " + logBytes);
    }
    if (kept < 1) {
      throw new IllegalArgumentException("kept must be at least 1, not " + kept);
    }
  }
}
