package io.varve.statemachine.store;

import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

/** {@code labels}: label number, position → nothing. One posting list per label. */
final class LabelsColumn extends Column {

  static final String NAME = "labels";

  LabelsColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }

  void put(Batch batch, long label, long position) {
    ByteWriter out = batch.put(id(), 2 * Long.BYTES);
    out.writeLong(label);
    out.writeLong(position);
    batch.value(0);
  }

  /** Whether an event is in a label's list. */
  boolean contains(long label, long position) {
    return get(Keys.of(label, position)) != null;
  }
}
