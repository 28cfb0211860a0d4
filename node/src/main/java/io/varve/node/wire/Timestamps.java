package io.varve.node.wire;

import com.google.protobuf.Timestamp;

/** Recorded times as timestamps. */
public final class Timestamps {

  private static final long MICROS_PER_SECOND = 1_000_000;
  private static final int NANOS_PER_MICRO = 1_000;

  private Timestamps() {}

  /** Microseconds since 1970-01-01T00:00:00Z as a timestamp. */
  public static Timestamp ofMicros(long micros) {
    return Timestamp.newBuilder()
        .setSeconds(Math.floorDiv(micros, MICROS_PER_SECOND))
        .setNanos((int) Math.floorMod(micros, MICROS_PER_SECOND) * NANOS_PER_MICRO)
        .build();
  }
}
