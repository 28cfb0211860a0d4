package io.varve.statemachine.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

/** {@code latest}: source number, key → position of the newest event with that key. */
final class LatestColumn extends Column {

  static final String NAME = "latest";

  LatestColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }

  void put(Batch batch, long source, String key, long position) {
    byte[] utf8 = key.getBytes(StandardCharsets.UTF_8);
    ByteWriter out = batch.put(id(), Long.BYTES + utf8.length);
    out.writeLong(source);
    out.write(utf8);
    batch.value(Long.BYTES).writeLong(position);
  }

  /** The position of the newest event with a key; 0 if there is none. */
  long find(long source, String key) {
    return getLong(key(source, key));
  }

  static byte[] key(long source, String key) {
    byte[] utf8 = key.getBytes(StandardCharsets.UTF_8);
    byte[] whole = Arrays.copyOf(Keys.of(source), Long.BYTES + utf8.length);
    System.arraycopy(utf8, 0, whole, Long.BYTES, utf8.length);
    return whole;
  }

  static long source(byte[] key) {
    return Keys.first(key);
  }

  static String key(byte[] key) {
    return new String(Arrays.copyOfRange(key, Long.BYTES, key.length), StandardCharsets.UTF_8);
  }
}
