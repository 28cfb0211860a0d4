package io.varve.statemachine.model;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** Every key and value of a store, as they stand on disk, knowing nothing of what they mean. */
final class StoreDump {

  private static final HexFormat HEX = HexFormat.of();

  private StoreDump() {}

  /**
   * What is in a store that nobody has open: per column family its keys and values, in hexadecimal.
   */
  static Map<String, Map<String, String>> of(Path store) {
    RocksDB.loadLibrary();
    Map<String, Map<String, String>> dump = new TreeMap<>();
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    try (Options options = new Options();
        DBOptions dbOptions = new DBOptions();
        // Some column families look up by prefix; a dump walks over all of them.
        ReadOptions wholeOrder = new ReadOptions().setTotalOrderSeek(true)) {
      List<ColumnFamilyDescriptor> columns = new ArrayList<>();
      for (byte[] name : RocksDB.listColumnFamilies(options, store.toString())) {
        columns.add(new ColumnFamilyDescriptor(name));
      }
      try (RocksDB db = RocksDB.openReadOnly(dbOptions, store.toString(), columns, handles)) {
        for (ColumnFamilyHandle handle : handles) {
          Map<String, String> rows = new TreeMap<>();
          try (RocksIterator row = db.newIterator(handle, wholeOrder)) {
            for (row.seekToFirst(); row.isValid(); row.next()) {
              rows.put(HEX.formatHex(row.key()), HEX.formatHex(row.value()));
            }
            row.status();
          }
          dump.put(new String(handle.getName(), StandardCharsets.UTF_8), rows);
        }
        handles.forEach(ColumnFamilyHandle::close);
      }
      return dump;
    } catch (RocksDBException e) {
      throw new AssertionError(e);
    }
  }
}
