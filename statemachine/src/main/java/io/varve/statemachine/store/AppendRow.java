package io.varve.statemachine.store;

/**
 * What is remembered of an append with an id, beside its events.
 *
 * @param firstPosition the position of its first event
 * @param idHigh the first eight bytes of its id
 * @param idLow the last eight bytes of its id
 * @param count how many events it has
 * @param digestHigh the first eight bytes of its events' digest
 * @param digestLow the next eight bytes of it
 */
public record AppendRow(
    long firstPosition, long idHigh, long idLow, int count, long digestHigh, long digestLow) {

  /** The position of its last event. */
  public long lastPosition() {
    return firstPosition + count - 1;
  }
}
