package io.varve.statemachine.store;

import io.varve.statemachine.StoreException;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksIterator;

/** {@code by_source}: source number, version → position. A source's last key gives its version. */
final class BySourceColumn extends Column {

  static final String NAME = "by_source";

  BySourceColumn(RocksDB db, ColumnFamilyHandle handle) {
    super(db, handle);
  }

  void put(Batch batch, long source, long version, long position) {
    ByteWriter out = batch.put(id(), 2 * Long.BYTES);
    out.writeLong(source);
    out.writeLong(version);
    batch.value(Long.BYTES).writeLong(position);
  }

  /** The position of a version; 0 if the source has no such version. */
  long find(long source, long version) {
    return getLong(key(source, version));
  }

  /** The position of a version that must be there. */
  long position(long source, long version) {
    long position = find(source, version);
    if (position == 0) {
      throw new StoreException("source number " + source + " has no version " + version);
    }
    return position;
  }

  /** A source with the version and the position of its last key. */
  static SourceEntry load(RocksIterator reads, String name, long number) {
    return load(reads, name, number, Long.MAX_VALUE);
  }

  /** A source as of a head. */
  static SourceEntry load(RocksIterator reads, String name, long number, long head) {
    reads.seekForPrev(key(number, Long.MAX_VALUE));
    while (isOf(number, reads)) {
      long position = Keys.first(reads.value());
      if (position <= head) {
        return new SourceEntry(name, number, Keys.second(reads.key()), position);
      }
      reads.prev();
    }
    return new SourceEntry(name, number, 0, 0);
  }

  /** How many events of a source are at or below a head. */
  long version(long source, long head, ReadOptions listReads) {
    try (RocksIterator versions = iterator(listReads)) {
      return load(versions, "", source, head).version();
    }
  }

  private static boolean isOf(long number, RocksIterator reads) {
    return isValid(reads) && Keys.first(reads.key()) == number;
  }

  static byte[] key(long source, long version) {
    return Keys.of(source, version);
  }
}
