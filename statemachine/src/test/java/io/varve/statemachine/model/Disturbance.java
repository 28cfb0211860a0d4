package io.varve.statemachine.model;

/** What happens to a replica when it has applied an entry. */
enum Disturbance {
  /** Nothing. */
  NONE("entries without a disturbance"),
  /** It stops in good order and starts again. */
  RESTARTED("restarts"),
  /** It is killed and starts again with what had reached the disk. */
  KILLED("kills"),
  /** It takes a snapshot. */
  SNAPSHOT("snapshots"),
  /** It takes a snapshot, loses its store, and starts from the snapshot. */
  SNAPSHOT_THEN_REINSTALLED("snapshots opened"),
  /** It lags, and is given another replica's snapshot that has the entry already. */
  INSTALLED_AHEAD("snapshots of another replica installed");

  private final String counted;

  Disturbance(String counted) {
    this.counted = counted;
  }

  /** What it counts as in a {@link Tally}. */
  String counted() {
    return counted;
  }

  /** Whether Ratis delivers the entries since the newest snapshot again. */
  boolean startsAgain() {
    return this != NONE && this != SNAPSHOT;
  }
}
