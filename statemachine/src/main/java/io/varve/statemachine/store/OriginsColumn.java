package io.varve.statemachine.store;

import java.nio.charset.StandardCharsets;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

/**
 * {@code origins}: client, buffer → last number. The client stands behind its length (two bytes),
 * so that no two pairs have the same key.
 */
final class OriginsColumn extends Column {

  static final String NAME = "origins";

  OriginsColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }

  /** The highest number of a buffer that has landed; 0 = none. */
  long last(String client, String buffer) {
    return getLong(key(client, buffer));
  }

  static byte[] key(String client, String buffer) {
    byte[] clientUtf8 = client.getBytes(StandardCharsets.UTF_8);
    byte[] bufferUtf8 = buffer.getBytes(StandardCharsets.UTF_8);
    ByteWriter key = new ByteWriter(Short.BYTES + clientUtf8.length + bufferUtf8.length);
    key.writeByte(clientUtf8.length >>> Byte.SIZE);
    key.writeByte(clientUtf8.length);
    key.write(clientUtf8);
    key.write(bufferUtf8);
    return key.toByteArray();
  }
}
