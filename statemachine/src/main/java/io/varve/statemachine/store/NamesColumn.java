package io.varve.statemachine.store;

import io.varve.statemachine.condition.LabelKind;
import java.nio.charset.StandardCharsets;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

/** {@code names}: label kind, value → the label's number, from 1 in log order. */
final class NamesColumn extends Column {

  static final String NAME = "names";

  NamesColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }

  void put(Batch batch, Label label, long number) {
    byte[] key = key(label);
    batch.put(id(), key.length).write(key);
    batch.value(Long.BYTES).writeLong(number);
  }

  /** A label's number; 0 if no event has it. */
  long number(Label label) {
    return getLong(key(label));
  }

  static Label label(byte[] key) {
    return new Label(
        LabelKind.of(key[0]), new String(key, 1, key.length - 1, StandardCharsets.UTF_8));
  }

  private static byte[] key(Label label) {
    byte[] utf8 = label.value().getBytes(StandardCharsets.UTF_8);
    byte[] key = new byte[utf8.length + 1];
    key[0] = (byte) label.kind().code();
    System.arraycopy(utf8, 0, key, 1, utf8.length);
    return key;
  }
}
