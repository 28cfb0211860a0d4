package io.varve.client.aggregates;

import java.util.Optional;

/**
 * Where snapshots are kept: a table, a file, memory. It need not be reliable: what is lost is
 * folded again, and what it throws is logged and otherwise ignored. Thread-safe; may block.
 *
 * @param <S> the state
 */
public interface SnapshotStore<S> {

  /** The newest snapshot of a source, if there is one. */
  Optional<Snapshot<S>> load(String source) throws Exception;

  /** Keeps a snapshot of a source instead of the one before. */
  void save(String source, Snapshot<S> snapshot) throws Exception;
}
