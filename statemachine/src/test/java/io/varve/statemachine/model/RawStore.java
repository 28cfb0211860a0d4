package io.varve.statemachine.model;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/**
 * A store opened behind Varve's back: keys and values of column families, to be read and damaged.
 */
final class RawStore implements AutoCloseable {

  /** A row. */
  static final class Row {
    private final byte[] key;
    private final byte[] value;

    Row(byte[] key, byte[] value) {
      this.key = key;
      this.value = value;
    }

    byte[] key() {
      return key;
    }

    byte[] value() {
      return value;
    }
  }

  private final RocksDB db;
  private final Map<String, ColumnFamilyHandle> columns = new LinkedHashMap<>();

  private RawStore(RocksDB db, List<ColumnFamilyHandle> handles) throws RocksDBException {
    this.db = db;
    for (ColumnFamilyHandle handle : handles) {
      columns.put(new String(handle.getName(), StandardCharsets.UTF_8), handle);
    }
  }

  /** Opens a store that nobody has open. */
  static RawStore open(Path store, boolean readOnly) {
    RocksDB.loadLibrary();
    try (Options options = new Options();
        DBOptions dbOptions = new DBOptions()) {
      List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
      for (byte[] name : RocksDB.listColumnFamilies(options, store.toString())) {
        descriptors.add(new ColumnFamilyDescriptor(name));
      }
      List<ColumnFamilyHandle> handles = new ArrayList<>();
      RocksDB db =
          readOnly
              ? RocksDB.openReadOnly(dbOptions, store.toString(), descriptors, handles)
              : RocksDB.open(dbOptions, store.toString(), descriptors, handles);
      return new RawStore(db, handles);
    } catch (RocksDBException e) {
      throw new AssertionError(e);
    }
  }

  /** The names of the column families. */
  Iterable<String> columns() {
    return columns.keySet();
  }

  /** All rows of a column family, in key order. */
  List<Row> rows(String column) {
    List<Row> rows = new ArrayList<>();
    // Some column families look up by prefix; this walks over all of them.
    try (ReadOptions wholeOrder = new ReadOptions().setTotalOrderSeek(true);
        RocksIterator row = db.newIterator(handle(column), wholeOrder)) {
      for (row.seekToFirst(); row.isValid(); row.next()) {
        rows.add(new Row(row.key(), row.value()));
      }
      row.status();
      return rows;
    } catch (RocksDBException e) {
      throw new AssertionError(e);
    }
  }

  void put(String column, byte[] key, byte[] value) {
    try {
      db.put(handle(column), key, value);
    } catch (RocksDBException e) {
      throw new AssertionError(e);
    }
  }

  void delete(String column, byte[] key) {
    try {
      db.delete(handle(column), key);
    } catch (RocksDBException e) {
      throw new AssertionError(e);
    }
  }

  private ColumnFamilyHandle handle(String column) {
    return Objects.requireNonNull(columns.get(column), column);
  }

  @Override
  public void close() {
    columns.values().forEach(ColumnFamilyHandle::close);
    db.close();
  }
}
