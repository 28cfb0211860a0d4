package io.varve.statemachine;

import io.varve.proto.v1.Append;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.condition.ConditionCheck;
import io.varve.statemachine.dedup.AppendMemory;
import io.varve.statemachine.dedup.OriginMemory;
import io.varve.statemachine.store.EncodedEvents;
import io.varve.statemachine.store.LogSettings;
import io.varve.statemachine.store.StagedLog;
import java.util.List;
import java.util.Optional;

/**
 * Decides one append after the other: structure, then append id or origin, then conditions, and
 * only then its events land. An append that does not land changes nothing.
 */
final class AppendDecision {

  private static final Refused NOT_FOUNDED =
      new Refused(Refusal.NOT_FOUNDED, "", "the log is not founded yet");

  private final StagedLog log;
  private final AppendMemory memory;
  private final OriginMemory origins;
  private final ConditionCheck conditions;
  private final EncodedEvents encoded = new EncodedEvents();

  AppendDecision(StagedLog log, AppendMemory memory, OriginMemory origins) {
    this.log = log;
    this.memory = memory;
    this.origins = origins;
    this.conditions = new ConditionCheck(log);
  }

  /**
   * Decides an append.
   *
   * @param recordedMicros when the leader received it
   */
  Outcome decide(Append append, long recordedMicros) {
    Optional<LogSettings> settings = log.settings();
    if (settings.isEmpty()) {
      return NOT_FOUNDED;
    }
    Optional<Refused> malformed = AppendStructure.check(append);
    if (malformed.isPresent()) {
      return malformed.get();
    }
    return decide(append, recordedMicros, settings.get());
  }

  private Outcome decide(Append append, long recordedMicros, LogSettings settings) {
    encoded.encode(append.getEventsList());
    long recorded = Math.max(recordedMicros, log.recordedMicros());
    if (append.hasOrigin()) {
      return origins.decide(append, encoded, recorded);
    }
    if (append.hasAppendId()) {
      Optional<Outcome> recalled =
          memory.recall(append.getAppendId(), encoded, settings.dedupWindow());
      if (recalled.isPresent()) {
        return recalled.get();
      }
    }
    Optional<Outcome> failed =
        conditions.check(append.getConditionsList(), settings.scopeStepLimit());
    if (failed.isPresent()) {
      return failed.get();
    }
    if (append.getEventsCount() == 0) {
      return new Appended(0, 0, List.of(), recorded, false);
    }
    Appended appended = log.append(append.getEventsList(), encoded, recorded);
    if (append.hasAppendId()) {
      memory.remember(append.getAppendId(), appended, encoded, settings.dedupWindow());
    }
    return appended;
  }
}
