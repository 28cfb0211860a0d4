package io.varve.statemachine.store;

import java.util.Arrays;

/** Where the records of the entry being applied stand in its batch, by position. */
final class StagedEvents {

  private long committedHead;
  private int[] offsets = new int[64];
  private int[] lengths = new int[64];
  private int size;

  /** Starts over behind this head. */
  void clear(long head) {
    committedHead = head;
    size = 0;
  }

  /** Adds the event at the next position. */
  void add(int offset, int length) {
    if (size == offsets.length) {
      offsets = Arrays.copyOf(offsets, size * 2);
      lengths = Arrays.copyOf(lengths, size * 2);
    }
    offsets[size] = offset;
    lengths[size] = length;
    size++;
  }

  boolean contains(long position) {
    return position > committedHead;
  }

  /** The record at a position that this contains. */
  byte[] record(long position, Batch batch) {
    int index = (int) (position - committedHead - 1);
    return Arrays.copyOfRange(batch.out().array(), offsets[index], offsets[index] + lengths[index]);
  }
}
