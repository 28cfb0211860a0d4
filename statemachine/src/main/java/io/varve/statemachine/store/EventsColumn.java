package io.varve.statemachine.store;

import io.varve.statemachine.StoreException;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

/** {@code events}: position → event record. The log itself; keys only grow. */
final class EventsColumn extends Column {

  static final String NAME = "events";

  EventsColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }

  /** Starts a put; the caller writes the record, so many bytes, to what is returned. */
  ByteWriter put(Batch batch, long position, int recordLength) {
    batch.put(id(), Long.BYTES).writeLong(position);
    return batch.value(recordLength);
  }

  byte @Nullable [] find(long position) {
    return get(key(position));
  }

  /** The record at a position that must be there. */
  byte[] get(long position) {
    byte[] record = find(position);
    if (record == null) {
      throw new StoreException("there is no event at position " + position);
    }
    return record;
  }

  static byte[] key(long position) {
    return Keys.of(position);
  }

  static long position(byte[] key) {
    return Keys.first(key);
  }
}
