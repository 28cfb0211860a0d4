package io.varve.statemachine.store;

import io.varve.statemachine.StoreException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** A column family. Subclasses know its keys and values; nobody else does. */
abstract class Column {

  private final RocksDB db;
  private final ColumnFamilyHandle handle;
  private final int id;

  Column(RocksDB db, ColumnFamilyHandle handle) {
    this.db = db;
    this.handle = handle;
    this.id = handle.getID();
  }

  /** The id that stands for this column family in a batch. */
  final int id() {
    return id;
  }

  final byte @Nullable [] get(byte[] key) {
    try {
      return db.get(handle, key);
    } catch (RocksDBException e) {
      throw failed(e);
    }
  }

  /** The eight-byte value of a key as a number; 0 if the key is not there. */
  final long getLong(byte[] key) {
    byte[] value = new byte[Long.BYTES];
    try {
      int length = db.get(handle, key, value);
      if (length == RocksDB.NOT_FOUND) {
        return 0;
      }
      if (length != Long.BYTES) {
        throw new StoreException("a value of " + length + " bytes, not " + Long.BYTES);
      }
      return ByteReader.longAt(value, 0);
    } catch (RocksDBException e) {
      throw failed(e);
    }
  }

  final RocksIterator iterator(ReadOptions options) {
    return db.newIterator(handle, options);
  }

  /** Visits every row, in key order. */
  final void forEach(ReadOptions options, BiConsumer<byte[], byte[]> row) {
    try (RocksIterator rows = iterator(options)) {
      for (rows.seekToFirst(); isValid(rows); rows.next()) {
        row.accept(rows.key(), rows.value());
      }
    }
  }

  /** Tells the end of the data from a failure to read it. */
  static boolean isValid(RocksIterator iterator) {
    if (iterator.isValid()) {
      return true;
    }
    try {
      iterator.status();
      return false;
    } catch (RocksDBException e) {
      throw failed(e);
    }
  }

  static StoreException failed(RocksDBException e) {
    return new StoreException("the store could not be read or written: " + e.getMessage(), e);
  }
}
