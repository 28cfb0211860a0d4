package io.varve.faults;

import com.google.protobuf.Timestamp;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.NewEvent;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Appended;
import io.varve.proto.v1.Conflict;
import io.varve.proto.v1.ConflictingEvent;
import io.varve.proto.v1.FailedCondition;
import io.varve.proto.v1.SourceVersion;
import java.time.Instant;

/** What the Java client is asked and answers, in the words of the history. */
final class JavaClientCalls {
  private JavaClientCalls() {}

  /** The same append, as the Java client takes it; its append id is the client's own. */
  static AppendRequest.Builder request(Append append) {
    AppendRequest.Builder request = AppendRequest.builder();
    for (var event : append.getEventsList()) {
      request.event(
          NewEvent.builder(event.getSource(), event.getType())
              .sourceType(event.getSourceType())
              .tags(event.getTagsList())
              .data(event.getData().toByteArray())
              .id(event.getId())
              .build());
    }
    for (var condition : append.getConditionsList()) {
      request.expectVersion(
          condition.getExpectedVersion().getSource(), condition.getExpectedVersion().getExactly());
    }
    return request;
  }

  /** What the client answered. */
  static Attempt attempt(Append append, AppendResult result) {
    if (result instanceof AppendResult.Appended appended) {
      Appended.Builder answer =
          Appended.newBuilder()
              .setFirstPosition(appended.firstPosition())
              .setLastPosition(appended.lastPosition())
              .setRecorded(timestamp(appended.recorded()))
              .setReplayed(appended.replayed());
      appended
          .versions()
          .forEach(
              (source, version) ->
                  answer.addVersions(
                      SourceVersion.newBuilder().setSource(source).setVersion(version)));
      return new Attempt.Landed(answer.build());
    }
    Conflict.Builder conflict = Conflict.newBuilder();
    for (AppendResult.FailedCondition failed : ((AppendResult.Conflict) result).failed()) {
      FailedCondition.Builder condition =
          FailedCondition.newBuilder()
              .setIndex(failed.index())
              .setExpected(append.getConditions(failed.index()))
              .setFoundVersion(failed.foundVersion());
      failed
          .newest()
          .ifPresent(
              newest ->
                  condition.setNewest(
                      ConflictingEvent.newBuilder()
                          .setPosition(newest.position())
                          .setSource(newest.source())
                          .setType(newest.type())));
      conflict.addFailed(condition);
    }
    return new Attempt.Conflicted(conflict.build());
  }

  private static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }
}
