package io.varve.statemachine.store;

import java.util.Optional;
import java.util.function.Consumer;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksIterator;

/** {@code appends}: first position → append id, digest of its events, count. Keys only grow. */
final class AppendsColumn extends Column {

  static final String NAME = "appends";

  AppendsColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }

  void put(Batch batch, AppendRow row) {
    batch.put(id(), Long.BYTES).writeLong(row.firstPosition());
    ByteWriter value = batch.value(4 * Long.BYTES + ByteWriter.varintLength(row.count()));
    value.writeLong(row.idHigh());
    value.writeLong(row.idLow());
    value.writeLong(row.digestHigh());
    value.writeLong(row.digestLow());
    value.writeVarint(row.count());
  }

  /** Deletes the rows of positions above {@code after}, up to {@code upTo} inclusive. */
  void trim(Batch batch, long after, long upTo) {
    batch.deleteRange(id(), Keys.of(after + 1), Keys.of(upTo + 1));
  }

  Optional<AppendRow> find(long firstPosition) {
    byte[] value = get(Keys.of(firstPosition));
    return value == null ? Optional.empty() : Optional.of(decode(firstPosition, value));
  }

  /** Every row of a position above {@code after}, in log order. */
  void forEachAfter(long after, ReadOptions options, Consumer<AppendRow> action) {
    try (RocksIterator rows = iterator(options)) {
      for (rows.seek(Keys.of(after + 1)); isValid(rows); rows.next()) {
        action.accept(decode(Keys.first(rows.key()), rows.value()));
      }
    }
  }

  static AppendRow decode(long firstPosition, byte[] value) {
    ByteReader in = new ByteReader(value);
    long idHigh = in.readLong();
    long idLow = in.readLong();
    long digestHigh = in.readLong();
    long digestLow = in.readLong();
    return new AppendRow(
        firstPosition, idHigh, idLow, (int) in.readVarint(), digestHigh, digestLow);
  }
}
