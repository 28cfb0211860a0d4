package io.varve.statemachine.store;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.varve.statemachine.StoreException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Reads what a {@link ByteWriter} wrote. Running past the end is a {@link StoreException}. */
final class ByteReader {

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final byte[] bytes;
  private int at;

  /** Over an array that is not changed any more: byte strings read here share it. */
  ByteReader(byte[] bytes) {
    this.bytes = bytes;
  }

  int offset() {
    return at;
  }

  int remaining() {
    return bytes.length - at;
  }

  int readByte() {
    require(1);
    return bytes[at++] & 0xFF;
  }

  long readLong() {
    require(Long.BYTES);
    long value = (long) LONG.get(bytes, at);
    at += Long.BYTES;
    return value;
  }

  long readVarint() {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      int next = readByte();
      value |= (long) (next & 0x7F) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw new StoreException("a varint is longer than ten bytes");
  }

  long readSignedVarint() {
    long value = readVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  String readString() {
    int length = readLength();
    String value = new String(bytes, at, length, StandardCharsets.UTF_8);
    at += length;
    return value;
  }

  void skipString() {
    int length = readLength(); // Moves, so it must not stand within a compound assignment.
    at += length;
  }

  /** A byte string with its length before it. */
  ByteString readBytes() {
    return readBytes(readLength());
  }

  /** The next bytes, so many. */
  ByteString readBytes(int length) {
    require(length);
    if (length == 0) {
      return ByteString.EMPTY;
    }
    ByteString value = UnsafeByteOperations.unsafeWrap(bytes, at, length);
    at += length;
    return value;
  }

  void skip(int length) {
    require(length);
    at += length;
  }

  private int readLength() {
    long length = readVarint();
    if (length < 0 || length > remaining()) {
      throw new StoreException("a length of " + length + " runs past the end");
    }
    return (int) length;
  }

  private void require(int length) {
    if (length > bytes.length - at) {
      throw new StoreException("a record ends too early");
    }
  }

  /** Eight bytes of an array as a number, most significant first. */
  static long longAt(byte[] bytes, int offset) {
    return (long) LONG.get(bytes, offset);
  }
}
