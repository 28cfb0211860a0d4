package io.varve.node.wire;

import io.varve.proto.v1.Appended;
import io.varve.proto.v1.Conflict;
import io.varve.proto.v1.ConflictingEvent;
import io.varve.proto.v1.FailedCondition;
import io.varve.proto.v1.SourceVersion;
import io.varve.statemachine.Outcome;

/** Outcomes of the state machine as messages. */
public final class Outcomes {

  private Outcomes() {}

  /** An append that landed. */
  public static Appended message(Outcome.Appended appended) {
    Appended.Builder message =
        Appended.newBuilder()
            .setFirstPosition(appended.firstPosition())
            .setLastPosition(appended.lastPosition())
            .setRecorded(Timestamps.ofMicros(appended.recordedMicros()))
            .setReplayed(appended.replayed())
            .addAllOriginPositions(appended.originPositions());
    for (Outcome.SourceVersion version : appended.versions()) {
      message.addVersions(
          SourceVersion.newBuilder().setSource(version.source()).setVersion(version.version()));
    }
    return message.build();
  }

  /** An append whose conditions did not hold. */
  public static Conflict message(Outcome.Conflict conflict) {
    Conflict.Builder message = Conflict.newBuilder();
    for (Outcome.FailedCondition failed : conflict.failed()) {
      FailedCondition.Builder condition =
          FailedCondition.newBuilder()
              .setIndex(failed.index())
              .setExpected(failed.expected())
              .setFoundVersion(failed.foundVersion());
      failed.newest().ifPresent(event -> condition.setNewest(message(event)));
      message.addFailed(condition);
    }
    return message.build();
  }

  private static ConflictingEvent message(Outcome.ConflictingEvent event) {
    return ConflictingEvent.newBuilder()
        .setPosition(event.position())
        .setSource(event.source())
        .setType(event.type())
        .build();
  }
}
