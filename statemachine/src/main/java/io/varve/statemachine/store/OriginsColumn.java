package io.varve.statemachine.store;

import java.util.Optional;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

/**
 * {@code origins}: client, buffer → the origin's number, and the last of its own numbers that
 * landed; under the empty key, how many origins there are. The client stands behind its length, so
 * that no two pairs have the same key. Numbers keep the names out of {@code by_origin}.
 */
final class OriginsColumn extends Column {

  static final String NAME = "origins";

  private static final byte[] COUNT_KEY = {};

  OriginsColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }

  void put(Batch batch, OriginName name, long number, long last) {
    byte[] key = name.key();
    batch.put(id(), key.length).write(key);
    ByteWriter value = batch.value(2 * Long.BYTES);
    value.writeLong(number);
    value.writeLong(last);
  }

  void putCount(Batch batch, long count) {
    batch.put(id(), COUNT_KEY.length);
    batch.value(Long.BYTES).writeLong(count);
  }

  /** How many origins there are. */
  long count() {
    return getLong(COUNT_KEY);
  }

  /** What is kept of an origin, if anything is. */
  Optional<Value> find(OriginName name) {
    byte[] value = get(name.key());
    return value == null ? Optional.empty() : Optional.of(decode(value));
  }

  static boolean isCount(byte[] key) {
    return key.length == 0;
  }

  static Value decode(byte[] value) {
    ByteReader in = new ByteReader(value);
    return new Value(in.readLong(), in.readLong());
  }

  /**
   * What is kept of an origin.
   *
   * @param number the origin's number, from 1 in log order
   * @param last the last of its own numbers that landed
   */
  record Value(long number, long last) {}
}
