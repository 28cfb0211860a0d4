package io.varve.statemachine.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.statemachine.StoreOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

class BatchTest {

  /** A column family's id is one byte as a varint or, from 128 on, more. */
  private static final int COLUMN_FAMILIES = 140;

  @TempDir private Path directory;

  @Test
  void laysOutWhatRocksDbLaysOut() throws Exception {
    RocksDB.loadLibrary();
    List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
    descriptors.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY));
    for (int i = 1; i < COLUMN_FAMILIES; i++) {
      descriptors.add(new ColumnFamilyDescriptor(("c" + i).getBytes(StandardCharsets.UTF_8)));
    }
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    try (DBOptions options =
            new DBOptions().setCreateIfMissing(true).setCreateMissingColumnFamilies(true);
        RocksDB db = RocksDB.open(options, directory.toString(), descriptors, handles);
        WriteBatch expected = new WriteBatch()) {
      Batch batch = new Batch();
      for (ColumnFamilyHandle handle : List.of(handles.get(1), handles.get(COLUMN_FAMILIES - 1))) {
        byte[] longValue = new byte[300];
        expected.put(handle, new byte[] {1, 2}, longValue);
        batch.put(handle.getID(), 2).write(new byte[] {1, 2});
        batch.value(longValue.length).write(longValue);

        expected.put(handle, new byte[200], new byte[0]);
        batch.put(handle.getID(), 200).write(new byte[200]);
        batch.value(0);

        expected.deleteRange(handle, new byte[] {3}, new byte[] {4, 5});
        batch.deleteRange(handle.getID(), new byte[] {3}, new byte[] {4, 5});
      }

      try (WriteBatch actual = batch.toWriteBatch();
          WriteOptions writeOptions = new WriteOptions()) {
        assertThat(actual.count()).isEqualTo(6);
        assertThat(actual.data()).isEqualTo(expected.data());
        db.write(writeOptions, actual);
        assertThat(db.get(handles.get(COLUMN_FAMILIES - 1), new byte[] {1, 2})).hasSize(300);
      }
      handles.forEach(ColumnFamilyHandle::close);
    }
  }

  @Test
  void isEmptyAgainWhenCleared() throws Exception {
    Batch batch = new Batch();
    batch.put(3, 1).writeByte(7);
    batch.value(20 << 20).skip(20 << 20);

    batch.clear();

    try (WriteBatch none = batch.toWriteBatch();
        WriteBatch expected = new WriteBatch()) {
      assertThat(none.data()).isEqualTo(expected.data());
    }
    assertThat(batch.out().array().length).as("what grew is not kept").isLessThan(1 << 20);
  }

  @Test
  void isWrittenAllOrNothing() {
    try (LogStore store = LogStore.open(directory, StoreOptions.defaults())) {
      Batch batch = new Batch();
      store.sources().put(batch, "a", 1);
      store.bySource().put(batch, 1, 1, 77);
      assertThat(store.sources().number("a")).isZero();

      store.write(batch);

      assertThat(store.sources().number("a")).isEqualTo(1);
      assertThat(store.bySource().position(1, 1)).isEqualTo(77);
    }
  }
}
