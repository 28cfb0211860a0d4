package io.varve.statemachine.store;

import java.util.Arrays;

/** Rising numbers, without boxes. */
final class LongList {

  private long[] values = new long[4];
  private int size;

  void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
  }

  long get(int index) {
    return values[index];
  }

  int size() {
    return size;
  }

  /** The greatest of them at or below a bound; 0 if there is none. */
  long floor(long bound) {
    int found = Arrays.binarySearch(values, 0, size, bound);
    int index = found >= 0 ? found : -found - 2;
    return index < 0 ? 0 : values[index];
  }
}
