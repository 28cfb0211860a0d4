package io.varve.faults;

import com.google.errorprone.annotations.FormatMethod;
import io.varve.faults.History.Answer;
import io.varve.faults.History.Operation;
import io.varve.faults.History.VersionRead;
import io.varve.proto.v1.Appended;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Conflict;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.FailedCondition;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SourceVersion;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Judges what clients saw against the log that was read back when all was over:
 *
 * <ul>
 *   <li>positions and versions have no gap, recorded time never runs backwards;
 *   <li>every event in the log is one that was sent, in full, and none is there twice;
 *   <li>an append is there whole, adjacent and in order, or not at all;
 *   <li>every acknowledged append is there, exactly where and as it was answered, and every answer
 *       to it is the same, with at most one of them not marked as replayed;
 *   <li>an append that landed was never told that it met a conflict with itself;
 *   <li>an append of which every sending was refused, or met a conflict, is not there;
 *   <li>an expected version held just before the append that expected it, and a conflict told
 *       something that was true;
 *   <li>an append acknowledged before another was sent precedes it;
 *   <li>a linearizable read of a version saw everything acknowledged before it, and nothing sent
 *       after it.
 * </ul>
 */
final class HistoryChecker {
  private static final int MAX_FINDINGS = 50;

  private final List<String> findings = new ArrayList<>();
  private final History history;
  private final List<RecordedEvent> log;
  private final Map<String, List<Integer>> indexesBySource = new HashMap<>();
  private final Map<String, Integer> indexByEventId = new HashMap<>();
  private final Map<Operation, Integer> landedAt = new LinkedHashMap<>();

  private HistoryChecker(History history, List<RecordedEvent> log) {
    this.history = history;
    this.log = log;
  }

  /**
   * Everything that is wrong, at most 50 findings; empty = the history is as it must be.
   *
   * @param history what the clients did and saw; nothing may be under way any more
   * @param log the whole log, from position 1
   */
  static List<String> check(History history, List<RecordedEvent> log) {
    HistoryChecker checker = new HistoryChecker(history, log);
    checker.checkLog();
    checker.checkOperations();
    checker.checkRealTimeOrder();
    checker.checkReads();
    return checker.findings.size() <= MAX_FINDINGS
        ? checker.findings
        : checker.findings.subList(0, MAX_FINDINGS);
  }

  @FormatMethod
  private void found(String format, Object... arguments) {
    findings.add(String.format(format, arguments));
  }

  private void checkLog() {
    findings.addAll(LogOrder.check(log));
    for (int i = 0; i < log.size(); i++) {
      RecordedEvent event = log.get(i);
      indexesBySource.computeIfAbsent(event.getSource(), source -> new ArrayList<>()).add(i);
      Integer earlier = indexByEventId.putIfAbsent(event.getId(), i);
      if (earlier != null) {
        found(
            "twice: %s is at positions %d and %d",
            event.getId(), log.get(earlier).getPosition(), event.getPosition());
      }
    }
  }

  private void checkOperations() {
    Set<String> sent = new HashSet<>();
    for (Operation operation : history.operations()) {
      for (NewEvent event : operation.append().getEventsList()) {
        if (!sent.add(event.getId())) {
          throw new IllegalArgumentException("two appends sent an event " + event.getId());
        }
      }
      locate(operation);
      checkAnswers(operation);
    }
    for (RecordedEvent event : log) {
      if (!sent.contains(event.getId())) {
        found("invented: nobody sent %s at position %d", event.getId(), event.getPosition());
      }
    }
  }

  private void locate(Operation operation) {
    List<NewEvent> events = operation.append().getEventsList();
    Integer first = indexByEventId.get(events.get(0).getId());
    long there = events.stream().filter(event -> indexByEventId.containsKey(event.getId())).count();
    if (there == 0) {
      return;
    }
    if (first == null || there < events.size()) {
      found("torn: %d of %d events of %s landed", there, events.size(), operation);
      return;
    }
    for (int i = 0; i < events.size(); i++) {
      if (first + i >= log.size() || !isRecordOf(events.get(i), log.get(first + i))) {
        found("altered: event %d of %s is not in its place, or not as it was sent", i, operation);
        return;
      }
    }
    landedAt.put(operation, first);
    checkExpectedVersions(operation, first);
  }

  /** Whether an event in the log is all that was sent of it. */
  static boolean isRecordOf(NewEvent sent, RecordedEvent recorded) {
    return recorded.getId().equals(sent.getId())
        && recorded.getSource().equals(sent.getSource())
        && recorded.getType().equals(sent.getType())
        && recorded.getSourceType().equals(sent.getSourceType())
        && recorded.getStreamType().equals(sent.getStreamType())
        && recorded.getStreamId().equals(sent.getStreamId())
        && recorded.getTagsList().equals(sent.getTagsList())
        && recorded.getKey().equals(sent.getKey())
        && recorded.getTombstone() == sent.getTombstone()
        && recorded.getContentType().equals(sent.getContentType())
        && recorded.getData().equals(sent.getData())
        && recorded.getMetadata().equals(sent.getMetadata())
        && recorded.hasOccurred() == sent.hasOccurred()
        && recorded.getOccurred().equals(sent.getOccurred());
  }

  private void checkExpectedVersions(Operation operation, int first) {
    for (Condition condition : operation.append().getConditionsList()) {
      ExpectedVersion expected = condition.getExpectedVersion();
      if (condition.hasExpectedVersion()
          && expected.getExpectedCase() == ExpectedVersion.ExpectedCase.EXACTLY) {
        long before = versionBefore(expected.getSource(), first);
        if (before != expected.getExactly()) {
          found(
              "condition: %s landed expecting version %d of %s, which had %d",
              operation, expected.getExactly(), expected.getSource(), before);
        }
      }
    }
  }

  /** How many events a source has before an index of the log. */
  private long versionBefore(String source, int index) {
    List<Integer> indexes = indexesBySource.getOrDefault(source, List.of());
    int at = Collections.binarySearch(indexes, index);
    return at >= 0 ? at : -at - 1;
  }

  private void checkAnswers(Operation operation) {
    Integer first = landedAt.get(operation);
    int undoubted = 0;
    boolean allCertain = !operation.answers().isEmpty();
    long acknowledgedNanos = Long.MAX_VALUE;
    for (Answer answer : operation.answers()) {
      if (answer.attempt() instanceof Attempt.Landed landed) {
        allCertain = false;
        acknowledgedNanos = Math.min(acknowledgedNanos, answer.endedNanos());
        undoubted += landed.appended().getReplayed() ? 0 : 1;
        if (first == null) {
          found(
              "lost: %s was acknowledged at position %d and is not there",
              operation, landed.appended().getFirstPosition());
        } else {
          checkAppended(operation, first, landed.appended());
        }
      } else if (answer.attempt() instanceof Attempt.Conflicted conflicted) {
        checkConflict(operation, conflicted.conflict());
      } else if (answer.attempt() instanceof Attempt.Unknown) {
        allCertain = false;
      }
    }
    if (undoubted > 1) {
      found("decided twice: %s was answered %d times as new", operation, undoubted);
    }
    if (allCertain && first != null) {
      found("refused, yet landed: %s at position %d", operation, log.get(first).getPosition());
    }
    for (Answer answer : operation.answers()) {
      if (answer.attempt() instanceof Attempt.Conflicted
          && answer.sentNanos() > acknowledgedNanos) {
        found("taken back: %s met a conflict after it was acknowledged", operation);
      }
    }
  }

  private void checkAppended(Operation operation, int first, Appended answer) {
    List<NewEvent> events = operation.append().getEventsList();
    RecordedEvent firstEvent = log.get(first);
    RecordedEvent lastEvent = log.get(first + events.size() - 1);
    if (answer.getFirstPosition() != firstEvent.getPosition()
        || answer.getLastPosition() != lastEvent.getPosition()) {
      found(
          "answer: %s was told positions %d to %d, and is at %d to %d",
          operation,
          answer.getFirstPosition(),
          answer.getLastPosition(),
          firstEvent.getPosition(),
          lastEvent.getPosition());
    }
    if (!answer.getRecorded().equals(firstEvent.getRecorded())) {
      found(
          "answer: %s was told it was recorded at %d µs, and the log holds %d µs",
          operation,
          LogOrder.micros(answer.getRecorded()),
          LogOrder.micros(firstEvent.getRecorded()));
    }
    Map<String, Long> versions = new LinkedHashMap<>();
    for (int i = 0; i < events.size(); i++) {
      versions.put(log.get(first + i).getSource(), log.get(first + i).getVersion());
    }
    Map<String, Long> told = new LinkedHashMap<>();
    for (SourceVersion version : answer.getVersionsList()) {
      told.put(version.getSource(), version.getVersion());
    }
    if (!List.copyOf(versions.entrySet()).equals(List.copyOf(told.entrySet()))) {
      found("answer: %s was told versions %s, and has %s", operation, told, versions);
    }
  }

  private void checkConflict(Operation operation, Conflict conflict) {
    if (conflict.getFailedCount() == 0) {
      found("conflict: %s met a conflict that names no condition", operation);
    }
    for (FailedCondition failed : conflict.getFailedList()) {
      int index = failed.getIndex();
      if (index >= operation.append().getConditionsCount()
          || !failed.getExpected().equals(operation.append().getConditions(index))) {
        found("conflict: %s was told of a condition it did not set", operation);
        continue;
      }
      ExpectedVersion expected = failed.getExpected().getExpectedVersion();
      if (!failed.getExpected().hasExpectedVersion()
          || expected.getExpectedCase() != ExpectedVersion.ExpectedCase.EXACTLY) {
        continue;
      }
      long version = failed.getFoundVersion();
      List<Integer> indexes = indexesBySource.getOrDefault(expected.getSource(), List.of());
      if (version > expected.getExactly() && landedAt.containsKey(operation)) {
        // The version had passed when this was decided: it cannot have landed later, only before.
        found("denied: %s had landed, and was told that it met a conflict", operation);
      }
      if (version == expected.getExactly()) {
        found("conflict: %s expected version %d and it was found", operation, version);
      } else if (version > indexes.size()) {
        found(
            "conflict: %s was told version %d of %s, which has only %d",
            operation, version, expected.getSource(), indexes.size());
      } else if (version > 0
          && failed.getNewest().getPosition()
              != log.get(indexes.get((int) version - 1)).getPosition()) {
        found(
            "conflict: %s was told that version %d of %s is at position %d",
            operation, version, expected.getSource(), failed.getNewest().getPosition());
      }
    }
  }

  /** No append may stand in the log behind one that was sent only after it was acknowledged. */
  private void checkRealTimeOrder() {
    List<Map.Entry<Operation, Integer>> byPosition = new ArrayList<>(landedAt.entrySet());
    byPosition.sort(Map.Entry.comparingByValue(Comparator.reverseOrder()));
    long earliestAcknowledged = Long.MAX_VALUE;
    Operation earliest = null;
    for (Map.Entry<Operation, Integer> entry : byPosition) {
      Operation operation = entry.getKey();
      if (earliest != null && operation.invokedNanos() > earliestAcknowledged) {
        found("order: %s was sent after %s was acknowledged, and precedes it", operation, earliest);
      }
      long acknowledged = acknowledgedNanos(operation);
      if (acknowledged < earliestAcknowledged) {
        earliestAcknowledged = acknowledged;
        earliest = operation;
      }
    }
  }

  private static long acknowledgedNanos(Operation operation) {
    return operation.answers().stream()
        .filter(answer -> answer.attempt() instanceof Attempt.Landed)
        .mapToLong(Answer::endedNanos)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  private void checkReads() {
    Map<Integer, Operation> byIndex = new HashMap<>();
    landedAt.forEach(
        (operation, first) -> {
          for (int i = 0; i < operation.append().getEventsCount(); i++) {
            byIndex.put(first + i, operation);
          }
        });
    Map<String, long[]> earliestAcknowledged = new HashMap<>();
    for (VersionRead read : history.reads()) {
      List<Integer> indexes = indexesBySource.getOrDefault(read.source(), List.of());
      if (read.version() > indexes.size()) {
        found(
            "read: version %d of %s was read, which has only %d",
            read.version(), read.source(), indexes.size());
        continue;
      }
      if (read.version() > 0) {
        Operation newest = byIndex.get(indexes.get((int) read.version() - 1));
        if (newest != null && newest.invokedNanos() > read.endedNanos()) {
          found(
              "read: version %d of %s was read before it was sent", read.version(), read.source());
        }
      }
      if (read.version() < indexes.size()) {
        long[] earliest =
            earliestAcknowledged.computeIfAbsent(
                read.source(), source -> earliestAcknowledged(indexes, byIndex));
        if (earliest[(int) read.version()] < read.sentNanos()) {
          found(
              "stale read: version %d of %s was read after a later one was acknowledged",
              read.version(), read.source());
        }
      }
    }
  }

  /** For each version, from 0: when the first acknowledgement of any later version was seen. */
  private static long[] earliestAcknowledged(
      List<Integer> indexes, Map<Integer, Operation> byIndex) {
    long[] earliest = new long[indexes.size()];
    long minimum = Long.MAX_VALUE;
    for (int i = indexes.size() - 1; i >= 0; i--) {
      Operation operation = byIndex.get(indexes.get(i));
      if (operation != null) {
        minimum = Math.min(minimum, acknowledgedNanos(operation));
      }
      earliest[i] = minimum;
    }
    return earliest;
  }
}
