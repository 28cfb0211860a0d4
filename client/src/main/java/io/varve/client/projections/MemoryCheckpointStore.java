package io.varve.client.projections;

import java.util.Optional;

/**
 * Keeps checkpoints in this process's memory: for projections that are rebuilt from the log
 * whenever the process starts, and for tests. Events are applied at least once. Thread-safe; has no
 * bound but the number of projections, their partitions and parked sources.
 */
public final class MemoryCheckpointStore extends LocalStore {

  /** A store that knows nothing yet. */
  public MemoryCheckpointStore() {}

  @Override
  Optional<LocalProjection> load(String projection) {
    return Optional.empty();
  }

  @Override
  void store(String projection, LocalProjection changed) {
    // Memory is all there is.
  }
}
