package io.varve.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.Appended;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Conflict;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.FailedCondition;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SourceVersion;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A log as plain as can be, shared by the {@link FakeNode}s of a test. Thread-safe. */
final class FakeLog {

  final ByteString identity;

  /** For how many positions append ids are remembered. */
  volatile long window = Long.MAX_VALUE;

  private final List<RecordedEvent> events = new ArrayList<>();
  private final Map<String, Long> versions = new HashMap<>();
  private final Map<ByteString, Remembered> appends = new HashMap<>();
  private final Map<String, Long> origins = new HashMap<>();
  private final Map<String, Long> byOrigin = new HashMap<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  private record Remembered(Append append, Appended answer) {}

  FakeLog(String identity) {
    this.identity = ByteString.copyFromUtf8((identity + "-".repeat(16)).substring(0, 16));
  }

  synchronized long head() {
    return events.size();
  }

  synchronized List<RecordedEvent> events() {
    return List.copyOf(events);
  }

  synchronized long version(String source) {
    return versions.getOrDefault(source, 0L);
  }

  synchronized @Nullable Appended find(ByteString id) {
    Remembered found = appends.get(id);
    return found == null ? null : found.answer.toBuilder().setReplayed(true).build();
  }

  /** Forgets every append id, as the window would in time. */
  synchronized void forget() {
    appends.clear();
  }

  void onAppend(Runnable listener) {
    listeners.add(listener);
  }

  void removeListener(Runnable listener) {
    listeners.remove(listener);
  }

  /** Appends events of one source, to have something to read. */
  void fill(String source, int count) {
    for (int i = 0; i < count; i++) {
      decide(
          Append.newBuilder()
              .addEvents(
                  NewEvent.newBuilder()
                      .setSource(source)
                      .setType("T" + i % 3)
                      .setData(ByteString.copyFromUtf8("event " + i)))
              .build());
    }
  }

  /** Decides as the state machine would. */
  AppendStreamResponse decide(Append append) {
    AppendStreamResponse answer;
    synchronized (this) {
      answer = decideLocked(append);
    }
    listeners.forEach(Runnable::run);
    return answer;
  }

  /** The highest number of a buffer that has landed. */
  synchronized long lastSequence(String client, String buffer) {
    return origins.getOrDefault(client + "/" + buffer, 0L);
  }

  /** A run, cut to what is new of it, as the state machine would decide it. */
  private AppendStreamResponse decideRun(Append append) {
    AppendStreamResponse.Builder answer =
        AppendStreamResponse.newBuilder().setLogIdentity(identity);
    Origin origin = append.getOrigin();
    String buffer = origin.getClientId() + "/" + origin.getBufferId();
    long last = origins.getOrDefault(buffer, 0L);
    if (origin.getFirstSequence() > last + 1) {
      return answer
          .setError(
              error(ErrorCode.ERROR_CODE_SEQUENCE_GAP, "a gap").toBuilder()
                  .setExpectedSequence(last + 1))
          .build();
    }
    Append.Builder fresh = Append.newBuilder();
    List<Long> positions = new ArrayList<>();
    long number = origin.getFirstSequence();
    int event = 0;
    for (; event < append.getEventsCount() || origin.getVoidsList().contains(number); number++) {
      String key = buffer + "/" + number;
      boolean isVoid = origin.getVoidsList().contains(number);
      if (number <= last) {
        long position = byOrigin.get(key);
        if (!isVoid
            && !events
                .get((int) position - 1)
                .getData()
                .equals(append.getEvents(event).getData())) {
          return answer
              .setError(
                  error(ErrorCode.ERROR_CODE_ORIGIN_DIVERGED, "another event").toBuilder()
                      .setField("append.events[" + event + "]"))
              .build();
        }
        positions.add(position);
      } else {
        long position = isVoid ? 0 : events.size() + fresh.getEventsCount() + 1;
        byOrigin.put(key, position);
        positions.add(position);
        if (!isVoid) {
          fresh.addEvents(append.getEvents(event));
        }
      }
      event += isVoid ? 0 : 1;
    }
    Appended.Builder appended =
        fresh.getEventsCount() == 0
            ? Appended.newBuilder().setReplayed(number - 1 <= last)
            : decideLocked(fresh.build()).getAppended().toBuilder();
    origins.put(buffer, Math.max(last, number - 1));
    return answer.setAppended(appended.addAllOriginPositions(positions)).build();
  }

  private AppendStreamResponse decideLocked(Append append) {
    if (append.hasOrigin()) {
      return decideRun(append);
    }
    AppendStreamResponse.Builder answer =
        AppendStreamResponse.newBuilder().setLogIdentity(identity);
    if (append.hasAppendId()) {
      if (append.getAppendId().getId().size() != 16 || !append.getAppendId().hasKnownPosition()) {
        return answer.setError(error(ErrorCode.ERROR_CODE_INVALID_ARGUMENT, "append id")).build();
      }
      Remembered before = appends.get(append.getAppendId().getId());
      if (before != null) {
        return before.append.getEventsList().equals(append.getEventsList())
            ? answer.setAppended(before.answer.toBuilder().setReplayed(true)).build()
            : answer.setError(error(ErrorCode.ERROR_CODE_APPEND_ID_REUSED, "reused")).build();
      }
      long known = append.getAppendId().getKnownPosition();
      if (known > events.size()) {
        return answer.setError(error(ErrorCode.ERROR_CODE_OUT_OF_RANGE, "known position")).build();
      }
      if (known < events.size() - window) {
        return answer.setError(error(ErrorCode.ERROR_CODE_FATE_UNKNOWN, "too old")).build();
      }
    }
    if (append.getEventsCount() == 0) {
      return answer
          .setError(
              Error.newBuilder()
                  .setCode(ErrorCode.ERROR_CODE_INVALID_ARGUMENT)
                  .setField("append.events")
                  .setMessage("append.events is empty"))
          .build();
    }
    Conflict.Builder conflict = Conflict.newBuilder();
    for (int i = 0; i < append.getConditionsCount(); i++) {
      Condition condition = append.getConditions(i);
      if (condition.hasExpectedVersion()) {
        long found = versions.getOrDefault(condition.getExpectedVersion().getSource(), 0L);
        boolean holds =
            condition.getExpectedVersion().hasExactly()
                ? condition.getExpectedVersion().getExactly() == found
                : (condition.getExpectedVersion().getExistenceValue() == 1) == (found > 0);
        if (!holds) {
          conflict.addFailed(
              FailedCondition.newBuilder()
                  .setIndex(i)
                  .setExpected(condition)
                  .setFoundVersion(found));
        }
      }
    }
    if (conflict.getFailedCount() > 0) {
      return answer.setConflict(conflict).build();
    }
    Appended.Builder appended =
        Appended.newBuilder()
            .setFirstPosition(events.size() + 1)
            .setRecorded(Timestamp.newBuilder().setSeconds(1_700_000_000L).setNanos(1000));
    Map<String, Long> touched = new LinkedHashMap<>();
    for (NewEvent event : append.getEventsList()) {
      long version = versions.merge(event.getSource(), 1L, Long::sum);
      touched.put(event.getSource(), version);
      RecordedEvent.Builder recorded =
          RecordedEvent.newBuilder()
              .setPosition(events.size() + 1)
              .setSource(event.getSource())
              .setVersion(version)
              .setType(event.getType())
              .setSourceType(event.getSourceType())
              .setStreamType(event.getStreamType())
              .setStreamId(event.getStreamId())
              .addAllTags(event.getTagsList())
              .setKey(event.getKey())
              .setTombstone(event.getTombstone())
              .setData(event.getData())
              .setContentType(event.getContentType())
              .setMetadata(event.getMetadata())
              .setRecorded(appended.getRecorded())
              .setId(event.getId());
      if (event.hasOccurred()) {
        recorded.setOccurred(event.getOccurred());
      }
      events.add(recorded.build());
    }
    appended.setLastPosition(events.size());
    touched.forEach(
        (source, version) ->
            appended.addVersions(SourceVersion.newBuilder().setSource(source).setVersion(version)));
    if (append.hasAppendId()) {
      appends.put(append.getAppendId().getId(), new Remembered(append, appended.build()));
    }
    return answer.setAppended(appended).build();
  }

  static Error error(ErrorCode code, String message) {
    return Error.newBuilder().setCode(code).setMessage(message).build();
  }

  static boolean matches(Filter filter, RecordedEvent event) {
    for (FilterItem item : filter.getAnyOfList()) {
      if ((item.getSource().isEmpty() || item.getSource().equals(event.getSource()))
          && (item.getSourceType().isEmpty() || item.getSourceType().equals(event.getSourceType()))
          && (item.getStreamType().isEmpty() || item.getStreamType().equals(event.getStreamType()))
          && (item.getStreamId().isEmpty() || item.getStreamId().equals(event.getStreamId()))
          && (item.getTypesCount() == 0 || item.getTypesList().contains(event.getType()))
          && event.getTagsList().containsAll(item.getTagsList())) {
        return true;
      }
    }
    return false;
  }
}
