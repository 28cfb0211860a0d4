package io.varve.statemachine.store;

import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

/**
 * {@code by_origin}: client, buffer, number → position. Stands ready, so that a snapshot taken now
 * has the form of later ones; nothing is written yet.
 */
final class ByOriginColumn extends Column {

  static final String NAME = "by_origin";

  ByOriginColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }
}
