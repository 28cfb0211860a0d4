package io.varve.statemachine.store;

import com.google.protobuf.ByteString;
import io.varve.statemachine.StoreException;
import java.util.Optional;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

/**
 * {@code meta}: the store's format, where it stands, what was fixed at the founding, and the chain
 * hash every {@value #CHAIN_INTERVAL} positions.
 */
final class MetaColumn extends Column {

  static final String NAME = "meta";

  /** How far apart the kept chain hashes are, in positions. */
  static final int CHAIN_INTERVAL = 1_024;

  private static final int FORMAT = 1;

  private static final byte[] FORMAT_KEY = {0};
  private static final byte[] STATE_KEY = {1};
  private static final byte[] SETTINGS_KEY = {2};
  private static final int CHAIN_KEY_PREFIX = 3;

  MetaColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }

  /** Whether the store has its format written in it; a new one has not. */
  boolean hasFormat() {
    byte[] format = get(FORMAT_KEY);
    if (format != null && (format.length != 1 || format[0] != FORMAT)) {
      throw new StoreException(
          "the store has format " + format[0] + "; this version of Varve reads " + FORMAT);
    }
    return format != null;
  }

  void putFormat(Batch batch) {
    batch.put(id(), FORMAT_KEY.length).write(FORMAT_KEY);
    batch.value(1).writeByte(FORMAT);
  }

  StoreState state() {
    byte[] value = get(STATE_KEY);
    if (value == null) {
      return StoreState.empty();
    }
    ByteReader in = new ByteReader(value);
    return new StoreState(
        in.readLong(),
        in.readLong(),
        in.readLong(),
        in.readLong(),
        in.readLong(),
        in.readLong(),
        in.readBytes(ChainHash.BYTES));
  }

  void putState(Batch batch, StoreState state) {
    batch.put(id(), STATE_KEY.length).write(STATE_KEY);
    ByteWriter value = batch.value(6 * Long.BYTES + ChainHash.BYTES);
    value.writeLong(state.appliedTerm());
    value.writeLong(state.appliedIndex());
    value.writeLong(state.head());
    value.writeLong(state.recordedMicros());
    value.writeLong(state.nextSource());
    value.writeLong(state.nextLabel());
    value.write(state.chainHash());
  }

  Optional<LogSettings> settings() {
    byte[] value = get(SETTINGS_KEY);
    if (value == null) {
      return Optional.empty();
    }
    ByteReader in = new ByteReader(value);
    ByteString identity = in.readBytes();
    return Optional.of(new LogSettings(identity, in.readString(), in.readLong(), in.readLong()));
  }

  void putSettings(Batch batch, LogSettings settings) {
    ByteWriter value = new ByteWriter(64);
    value.writeBytes(settings.logIdentity());
    value.writeString(settings.log());
    value.writeLong(settings.dedupWindow());
    value.writeLong(settings.scopeStepLimit());
    batch.put(id(), SETTINGS_KEY.length).write(SETTINGS_KEY);
    batch.value(value.size()).write(value.array(), 0, value.size());
  }

  void putChainHash(Batch batch, long position, byte[] hash) {
    ByteWriter key = batch.put(id(), 1 + Long.BYTES);
    key.writeByte(CHAIN_KEY_PREFIX);
    key.writeLong(position);
    batch.value(hash.length).write(hash);
  }

  /** The chain hash kept at a position, if one is kept there. */
  Optional<ByteString> chainHash(long position) {
    ByteWriter key = new ByteWriter(1 + Long.BYTES);
    key.writeByte(CHAIN_KEY_PREFIX);
    key.writeLong(position);
    byte[] hash = get(key.toByteArray());
    return hash == null ? Optional.empty() : Optional.of(ByteString.copyFrom(hash));
  }

  /** Whether a key may be here, in a log with this head. */
  static boolean isExpected(byte[] key, long head) {
    if (key.length == 1) {
      return key[0] == FORMAT_KEY[0] || key[0] == STATE_KEY[0] || key[0] == SETTINGS_KEY[0];
    }
    if (key.length != 1 + Long.BYTES || key[0] != CHAIN_KEY_PREFIX) {
      return false;
    }
    long position = ByteReader.longAt(key, 1);
    return position > 0 && position <= head && position % CHAIN_INTERVAL == 0;
  }
}
