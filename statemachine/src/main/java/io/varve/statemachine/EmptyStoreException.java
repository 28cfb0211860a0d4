package io.varve.statemachine;

/**
 * There is a store, but nothing was ever flushed to it: its node was killed before that, and the
 * Raft log holds everything.
 */
public final class EmptyStoreException extends StoreException {
  private static final long serialVersionUID = 1L;

  public EmptyStoreException(String message) {
    super(message);
  }
}
