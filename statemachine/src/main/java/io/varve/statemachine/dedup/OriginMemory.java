package io.varve.statemachine.dedup;

import io.varve.proto.v1.Append;
import io.varve.proto.v1.Origin;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.store.EncodedEvents;
import io.varve.statemachine.store.StagedLog;
import io.varve.statemachine.store.StagedOrigin;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decides the runs of origins: what of a run has landed is compared and skipped, the rest lands; a
 * run that leaves a gap, or says other than what has landed, is refused whole. What has landed is
 * remembered for ever. Not thread-safe.
 */
public final class OriginMemory {

  private final StagedLog log;

  public OriginMemory(StagedLog log) {
    this.log = log;
  }

  /**
   * Decides a run, and lands what is new of it.
   *
   * @param append a well-formed append with an origin
   * @param encoded its events, encoded
   * @param recordedMicros what is recorded of events that land now, not before {@link
   *     StagedLog#recordedMicros()}
   */
  public Outcome decide(Append append, EncodedEvents encoded, long recordedMicros) {
    Origin origin = append.getOrigin();
    StagedOrigin known = log.origin(origin.getClientId(), origin.getBufferId());
    long last = known.last();
    if (origin.getFirstSequence() - 1 > last) {
      return gap(origin, last + 1);
    }
    OriginRun run = new OriginRun(origin, append.getEventsCount());
    List<Long> positions = new ArrayList<>(run.length());
    boolean more = run.next();
    for (; more && run.number() <= last; more = run.next()) {
      long position = known.position(run.number());
      Optional<Outcome> diverged = compare(run, position, encoded);
      if (diverged.isPresent()) {
        return diverged.get();
      }
      positions.add(position);
    }
    if (!more) {
      return replayed(positions, recordedMicros);
    }
    return land(append, encoded, recordedMicros, known, run, positions);
  }

  private static Refused gap(Origin origin, long expected) {
    return new Refused(
        Refusal.SEQUENCE_GAP,
        "append.origin.first_sequence",
        "first_sequence is "
            + origin.getFirstSequence()
            + ", but the log expects "
            + expected
            + " next: numbers are missing between",
        expected);
  }

  private Optional<Outcome> compare(OriginRun run, long position, EncodedEvents encoded) {
    boolean same =
        run.isVoid() ? position == 0 : position != 0 && log.holds(position, encoded, run.event());
    if (same) {
      return Optional.empty();
    }
    return Optional.of(
        new Refused(
            Refusal.ORIGIN_DIVERGED,
            run.field(),
            "number "
                + run.number()
                + " of this origin landed as "
                + (position == 0 ? "a void" : "another event, at position " + position)));
  }

  /** Nothing was new. Recorded is when the newest of its events was, if it has one. */
  private Appended replayed(List<Long> positions, long recordedMicros) {
    long newest = 0;
    for (long position : positions) {
      newest = Math.max(newest, position);
    }
    long recorded = newest == 0 ? recordedMicros : log.event(newest).recordedMicros();
    return new Appended(0, 0, List.of(), recorded, true, positions);
  }

  /** The number that the run stands at lands, and all behind it. */
  private Appended land(
      Append append,
      EncodedEvents encoded,
      long recordedMicros,
      StagedOrigin known,
      OriginRun run,
      List<Long> positions) {
    int firstEvent = run.event();
    int events = append.getEventsCount() - firstEvent;
    long[] sequences = new long[events];
    long[] landing = new long[run.length() - positions.size()];
    long position = log.head();
    for (int i = 0; i < landing.length; i++) {
      if (!run.isVoid()) {
        sequences[run.event() - firstEvent] = run.number();
        landing[i] = ++position;
      }
      positions.add(landing[i]);
      run.next();
    }
    Appended appended =
        log.append(append.getEventsList(), firstEvent, encoded, recordedMicros, known, sequences);
    log.take(known, landing);
    return new Appended(
        appended.firstPosition(),
        appended.lastPosition(),
        appended.versions(),
        appended.recordedMicros(),
        false,
        positions);
  }
}
