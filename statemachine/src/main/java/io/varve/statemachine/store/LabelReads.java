package io.varve.statemachine.store;

import org.rocksdb.RocksIterator;

/**
 * Finds positions in posting lists as of its creation. Asked for one close to its last answer it
 * steps there rather than seek. Not thread-safe; holds native resources until closed.
 */
final class LabelReads implements AutoCloseable {

  /** How many steps are tried before a seek, which costs about as much as all of them. */
  private static final int NEAR = 4;

  private final RocksIterator iterator;
  private final byte[] key = new byte[2 * Long.BYTES];

  /** The list the iterator stands in; 0 = none. */
  private long label;

  private long position;

  LabelReads(LogStore store) {
    this.iterator = store.labels().iterator(store.listReads());
  }

  /** A label's newest position at or below a bound; 0 if there is none. */
  long floor(long wanted, long bound) {
    for (int i = 0; i < NEAR && label == wanted && position > bound; i++) {
      iterator.prev();
      read();
      if (label != wanted || position <= bound) {
        return answer(wanted);
      }
    }
    if (label != wanted || position != bound) {
      Keys.set(key, wanted, bound);
      iterator.seekForPrev(key);
      read();
    }
    return answer(wanted);
  }

  /** A label's oldest position at or above a bound; 0 if there is none. */
  long ceiling(long wanted, long bound) {
    for (int i = 0; i < NEAR && label == wanted && position < bound; i++) {
      iterator.next();
      read();
      if (label != wanted || position >= bound) {
        return answer(wanted);
      }
    }
    if (label != wanted || position != bound) {
      Keys.set(key, wanted, bound);
      iterator.seek(key);
      read();
    }
    return answer(wanted);
  }

  private long answer(long wanted) {
    return label == wanted ? position : 0;
  }

  private void read() {
    if (Column.isValid(iterator)) {
      iterator.key(key);
      label = Keys.first(key);
      position = Keys.second(key);
    } else {
      label = 0;
    }
  }

  @Override
  public void close() {
    iterator.close();
  }
}
