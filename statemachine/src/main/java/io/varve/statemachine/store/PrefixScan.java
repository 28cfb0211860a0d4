package io.varve.statemachine.store;

import java.util.Arrays;
import org.rocksdb.RocksIterator;

/** The keys that begin with a prefix and are greater than a key already seen, in order. */
final class PrefixScan {

  private final byte[] prefix;
  private final byte[] from;

  /**
   * @param prefix what the keys begin with
   * @param after only keys greater than this; if it is a beginning of the prefix, or the prefix
   *     itself, all that begin so are, but for the prefix itself
   */
  PrefixScan(byte[] prefix, byte[] after) {
    this.prefix = prefix;
    // The least key that is greater has a zero byte more.
    byte[] next = Arrays.copyOf(after, after.length + 1);
    this.from = Arrays.compareUnsigned(next, prefix) > 0 ? next : prefix;
  }

  /** Moves to the first of them. */
  void start(RocksIterator rows) {
    rows.seek(from);
  }

  /** Whether the row is one of them. */
  boolean contains(RocksIterator rows) {
    if (!Column.isValid(rows)) {
      return false;
    }
    byte[] key = rows.key();
    return key.length >= prefix.length
        && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
  }
}
