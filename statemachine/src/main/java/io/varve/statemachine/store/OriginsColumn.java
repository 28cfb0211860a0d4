package io.varve.statemachine.store;

import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

/**
 * {@code origins}: client, buffer → last number. Stands ready, so that a snapshot taken now has the
 * form of later ones; nothing is written yet.
 */
final class OriginsColumn extends Column {

  static final String NAME = "origins";

  OriginsColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }
}
