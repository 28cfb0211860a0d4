package io.varve.statemachine.dedup;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.AppendId;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.store.AppendRow;
import io.varve.statemachine.store.EncodedEvents;
import io.varve.statemachine.store.StagedLog;
import java.util.Optional;

/**
 * Decides what an append id means: new, a retry, or no longer to be known. An id is remembered
 * while its first position is greater than the head less the window. Not thread-safe.
 */
public final class AppendMemory {

  /**
   * Rows of forgotten appends are trimmed from the store in stretches of so many positions: often
   * enough to bound them, rarely enough to cost nothing.
   */
  private static final long TRIM_POSITIONS = 65_536;

  private final StagedLog log;
  private final AppendIndex index;

  private long trimmedUpTo;

  public AppendMemory(StagedLog log, AppendIndex index) {
    this.log = log;
    this.index = index;
  }

  /**
   * The answer to an append whose id settles it; empty if it is to be decided.
   *
   * @param window for how many positions an id is remembered
   */
  public Optional<Outcome> recall(AppendId id, EncodedEvents events, long window) {
    long first = index.find(high(id.getId()), low(id.getId()));
    long edge = log.head() - window;
    if (first != 0 && first > edge) {
      return Optional.of(answer(log.remembered(first).orElseThrow(), events));
    }
    long known = id.getKnownPosition();
    if (Long.compareUnsigned(known, log.head()) > 0) {
      return Optional.of(
          new Refused(
              Refusal.OUT_OF_RANGE,
              "append.append_id.known_position",
              "known_position is "
                  + Long.toUnsignedString(known)
                  + ", above the head "
                  + log.head()
                  + ": it was taken from another history"));
    }
    if (known < edge) {
      return Optional.of(
          new Refused(
              Refusal.FATE_UNKNOWN,
              "append.append_id.known_position",
              "known_position is "
                  + known
                  + ", but append ids are remembered only from "
                  + edge
                  + " on: an earlier attempt may have landed and been forgotten"));
    }
    return Optional.empty();
  }

  /** Remembers an append that landed. */
  public void remember(AppendId id, Appended appended, EncodedEvents events, long window) {
    long high = high(id.getId());
    long low = low(id.getId());
    int count = (int) (appended.lastPosition() - appended.firstPosition() + 1);
    index.add(high, low, appended.firstPosition());
    log.remember(
        new AppendRow(
            appended.firstPosition(), high, low, count, events.digestHigh(), events.digestLow()));
    long trimUpTo = (log.head() - window) / TRIM_POSITIONS * TRIM_POSITIONS;
    if (trimUpTo > trimmedUpTo) {
      log.forget(trimmedUpTo, trimUpTo);
      trimmedUpTo = trimUpTo;
    }
  }

  private Outcome answer(AppendRow row, EncodedEvents events) {
    if (row.digestHigh() != events.digestHigh() || row.digestLow() != events.digestLow()) {
      return new Refused(
          Refusal.APPEND_ID_REUSED,
          "append.append_id.id",
          "this append id was used at position " + row.firstPosition() + " for other events");
    }
    return OriginalAnswer.to(row, log::event);
  }

  private static long high(ByteString id) {
    return longAt(id, 0);
  }

  private static long low(ByteString id) {
    return longAt(id, Long.BYTES);
  }

  private static long longAt(ByteString bytes, int offset) {
    long value = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      value = value << Byte.SIZE | (bytes.byteAt(offset + i) & 0xFF);
    }
    return value;
  }
}
