package io.varve.statemachine.store;

import java.nio.charset.StandardCharsets;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

/** {@code sources}: source → its number, from 1 in log order. Keeps names out of other keys. */
final class SourcesColumn extends Column {

  static final String NAME = "sources";

  SourcesColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }

  void put(Batch batch, String source, long number) {
    byte[] key = key(source);
    batch.put(id(), key.length).write(key);
    batch.value(Long.BYTES).writeLong(number);
  }

  /** A source's number; 0 if it does not exist. */
  long number(String source) {
    return getLong(key(source));
  }

  static String source(byte[] key) {
    return new String(key, StandardCharsets.UTF_8);
  }

  static byte[] key(String source) {
    return source.getBytes(StandardCharsets.UTF_8);
  }
}
