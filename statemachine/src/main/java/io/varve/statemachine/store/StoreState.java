package io.varve.statemachine.store;

import com.google.protobuf.ByteString;

/**
 * Where a store stands: one record, written with every batch.
 *
 * @param appliedTerm the Raft term of the newest applied entry; 0 = none
 * @param appliedIndex its Raft index; −1 = none
 * @param head the newest position; 0 = the log is empty
 * @param recordedMicros the recorded time of the event at the head; 0 = the log is empty
 * @param nextSource the number the next new source gets, from 1
 * @param nextLabel the number the next new label gets, from 1
 * @param chainHash the chain hash at the head, 32 bytes
 */
public record StoreState(
    long appliedTerm,
    long appliedIndex,
    long head,
    long recordedMicros,
    long nextSource,
    long nextLabel,
    ByteString chainHash) {

  /** A store nothing was applied to. */
  public static StoreState empty() {
    return new StoreState(0, -1, 0, 0, 1, 1, ByteString.copyFrom(new byte[ChainHash.BYTES]));
  }

  /** The same log, with a newer entry applied that did not change it. */
  public StoreState at(long term, long index) {
    return new StoreState(term, index, head, recordedMicros, nextSource, nextLabel, chainHash);
  }
}
