package io.varve.node.wire;

import com.google.protobuf.Timestamp;

/** Recorded times as timestamps. */
public final class Timestamps {

  private static final long MICROS_PER_SECOND = 1_000_000;
  private static final int NANOS_PER_MICRO = 1_000;
  private static final int NANOS_PER_SECOND = 1_000_000_000;

  /** 0001-01-01T00:00:00Z, where the protocol's timestamps begin. */
  private static final long FIRST_SECOND = -62_135_596_800L;

  /** 9999-12-31T23:59:59Z. */
  private static final long LAST_SECOND = 253_402_300_799L;

  private Timestamps() {}

  /** Whether it is a time: in the years 1 to 9999, with 0 to 999,999,999 nanoseconds. */
  public static boolean isValid(Timestamp timestamp) {
    return timestamp.getSeconds() >= FIRST_SECOND
        && timestamp.getSeconds() <= LAST_SECOND
        && timestamp.getNanos() >= 0
        && timestamp.getNanos() < NANOS_PER_SECOND;
  }

  /** A valid timestamp as microseconds since 1970-01-01T00:00:00Z, rounded down. */
  public static long toMicros(Timestamp timestamp) {
    return timestamp.getSeconds() * MICROS_PER_SECOND + timestamp.getNanos() / NANOS_PER_MICRO;
  }

  /** Microseconds since 1970-01-01T00:00:00Z as a timestamp. */
  public static Timestamp ofMicros(long micros) {
    return Timestamp.newBuilder()
        .setSeconds(Math.floorDiv(micros, MICROS_PER_SECOND))
        .setNanos((int) Math.floorMod(micros, MICROS_PER_SECOND) * NANOS_PER_MICRO)
        .build();
  }
}
