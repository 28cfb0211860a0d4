package io.varve.statemachine.store;

import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

/**
 * {@code by_origin}: an origin's number, a number of its own → position; 0 for a void. Its numbers
 * have no gaps, and are never forgotten.
 */
final class ByOriginColumn extends Column {

  static final String NAME = "by_origin";

  ByOriginColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }

  void put(Batch batch, long origin, long number, long position) {
    ByteWriter out = batch.put(id(), 2 * Long.BYTES);
    out.writeLong(origin);
    out.writeLong(number);
    batch.value(Long.BYTES).writeLong(position);
  }

  /** Where a number stands that landed; 0 if it is a void. */
  long position(long origin, long number) {
    return getLong(Keys.of(origin, number));
  }

  /** Whether a number has landed. */
  boolean contains(long origin, long number) {
    return get(Keys.of(origin, number)) != null;
  }
}
