package io.varve.statemachine.store;

import com.google.protobuf.ByteString;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing byte array with the few encodings the store's formats are made of. */
final class ByteWriter {

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private byte[] bytes;
  private int size;

  ByteWriter(int capacity) {
    bytes = new byte[capacity];
  }

  /** The array written to; replaced when it grows, so not to be kept across writes. */
  byte[] array() {
    return bytes;
  }

  int size() {
    return size;
  }

  void clear() {
    size = 0;
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  void writeByte(int value) {
    ensure(1);
    bytes[size++] = (byte) value;
  }

  /** Eight bytes, most significant first. */
  void writeLong(long value) {
    ensure(Long.BYTES);
    LONG.set(bytes, size, value);
    size += Long.BYTES;
  }

  /** Seven bits per byte, least significant group first; at most ten bytes. */
  void writeVarint(long value) {
    ensure(10);
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
  }

  /** A signed number as a varint, small magnitudes short. */
  void writeSignedVarint(long value) {
    writeVarint((value << 1) ^ (value >> 63));
  }

  void write(byte[] source) {
    write(source, 0, source.length);
  }

  void write(byte[] source, int offset, int length) {
    ensure(length);
    System.arraycopy(source, offset, bytes, size, length);
    size += length;
  }

  void write(ByteString source) {
    ensure(source.size());
    source.copyTo(bytes, size);
    size += source.size();
  }

  /** The length in bytes as a varint, then UTF-8. */
  void writeString(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    writeVarint(utf8.length);
    write(utf8);
  }

  /** The length as a varint, then the bytes. */
  void writeBytes(ByteString value) {
    writeVarint(value.size());
    write(value);
  }

  /** Overwrites four bytes that stand already, least significant first. */
  void setIntLittleEndian(int at, int value) {
    for (int i = 0; i < Integer.BYTES; i++) {
      bytes[at + i] = (byte) (value >>> (i * 8));
    }
  }

  /** Leaves out bytes, to be overwritten later; they are zero. */
  void skip(int count) {
    ensure(count);
    Arrays.fill(bytes, size, size + count, (byte) 0);
    size += count;
  }

  /** How many bytes a value takes as a varint. */
  static int varintLength(long value) {
    return (Long.SIZE - Long.numberOfLeadingZeros(value | 1) + 6) / 7;
  }

  private void ensure(int more) {
    if (size + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(size, more), bytes.length * 2));
    }
  }
}
