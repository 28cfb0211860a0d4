package io.varve.statemachine.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Fixed-width binary keys, most significant byte first, so that they sort as numbers do. */
final class Keys {

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private Keys() {}

  static byte[] of(long number) {
    byte[] key = new byte[Long.BYTES];
    LONG.set(key, 0, number);
    return key;
  }

  static byte[] of(long first, long second) {
    byte[] key = new byte[2 * Long.BYTES];
    set(key, first, second);
    return key;
  }

  static void setLong(byte[] bytes, int offset, long number) {
    LONG.set(bytes, offset, number);
  }

  static void set(byte[] key, long first, long second) {
    LONG.set(key, 0, first);
    LONG.set(key, Long.BYTES, second);
  }

  static long first(byte[] key) {
    return (long) LONG.get(key, 0);
  }

  static long second(byte[] key) {
    return (long) LONG.get(key, Long.BYTES);
  }
}
