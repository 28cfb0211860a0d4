package io.varve.statemachine.store;

import org.rocksdb.WriteBatch;

/**
 * One write batch, laid out here rather than by a native call per key, which would cost more than
 * the key itself.
 *
 * <p>The layout is RocksDB's own for write batches, the one its write-ahead log holds and that
 * every version of it must read: a sequence number (8 bytes, filled in by RocksDB), a count (4
 * bytes, least significant first), then per operation a type, the column family's id as a varint,
 * and key and value each behind their length as a varint. A test compares it with what RocksDB lays
 * out.
 */
final class Batch {

  private static final int HEADER_BYTES = 12;
  private static final int COUNT_OFFSET = 8;
  private static final int TYPE_PUT = 0x05;
  private static final int TYPE_DELETE_RANGE = 0x0E;

  /** A buffer that a large entry made grow beyond this is not kept. */
  private static final int KEPT_BYTES = 16 << 20;

  private static final int INITIAL_BYTES = 256 << 10;

  private ByteWriter out = new ByteWriter(INITIAL_BYTES);
  private int count;

  Batch() {
    clear();
  }

  void clear() {
    if (out.array().length > KEPT_BYTES) {
      out = new ByteWriter(INITIAL_BYTES);
    }
    out.clear();
    out.skip(HEADER_BYTES);
    count = 0;
  }

  /** What was written so far; values keep their offsets until {@link #clear()}. */
  ByteWriter out() {
    return out;
  }

  /** Starts a put: the caller writes the key, then {@link #value}, then the value. */
  ByteWriter put(int columnFamily, int keyLength) {
    count++;
    out.writeByte(TYPE_PUT);
    out.writeVarint(columnFamily);
    out.writeVarint(keyLength);
    return out;
  }

  /** Announces the value that follows. */
  ByteWriter value(int length) {
    out.writeVarint(length);
    return out;
  }

  /** Deletes the keys from {@code from} (inclusive) to {@code to} (exclusive). */
  void deleteRange(int columnFamily, byte[] from, byte[] to) {
    count++;
    out.writeByte(TYPE_DELETE_RANGE);
    out.writeVarint(columnFamily);
    out.writeVarint(from.length);
    out.write(from);
    out.writeVarint(to.length);
    out.write(to);
  }

  /** The batch as RocksDB takes it; to be closed by the caller. */
  WriteBatch toWriteBatch() {
    out.setIntLittleEndian(COUNT_OFFSET, count);
    return new WriteBatch(out.toByteArray());
  }
}
