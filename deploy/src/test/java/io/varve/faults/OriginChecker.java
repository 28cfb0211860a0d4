package io.varve.faults;

import com.google.errorprone.annotations.FormatMethod;
import io.varve.faults.OriginHistory.Kind;
import io.varve.faults.OriginHistory.Sending;
import io.varve.proto.v1.Appended;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SourceVersion;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Judges what origins sent and were answered against the log that was read back when all was over:
 *
 * <ul>
 *   <li>every event in the log is, in full, the one that its buffer has under its number;
 *   <li>each number is there once, each buffer's numbers in order, none is missing, and nothing is
 *       there for a void;
 *   <li>every answer names the position of each of its numbers, 0 for a void;
 *   <li>what an answer calls newly landed is the end of its run, adjacent, with the versions and
 *       the time that the log has, and no other answer calls it so; an answer marked as replayed
 *       names nothing new;
 *   <li>a run that leaves a gap is refused with the number expected next; one that says something
 *       else of a number that has landed is refused as diverging; no other run is refused.
 * </ul>
 */
final class OriginChecker {
  private static final int MAX_FINDINGS_OF_A_KIND = 5;

  private final List<String> findings = new ArrayList<>();
  private final List<RecordedEvent> log;
  private final Map<OriginBuffer, long[]> positions = new LinkedHashMap<>(); // by number
  private final Set<Long> claimed = new HashSet<>();
  private final Map<String, Integer> kinds = new HashMap<>();

  private OriginChecker(List<OriginBuffer> buffers, List<RecordedEvent> log) {
    this.log = log;
    buffers.forEach(buffer -> positions.put(buffer, new long[buffer.size() + 1]));
  }

  /**
   * Everything that is wrong, at most five findings of a kind; empty = all is as it must be.
   *
   * @param history what was sent and answered; nothing may be under way any more
   * @param buffers all buffers that sent; all of their numbers must have landed
   * @param log the whole log, from position 1
   */
  static List<String> check(
      OriginHistory history, List<OriginBuffer> buffers, List<RecordedEvent> log) {
    OriginChecker checker = new OriginChecker(buffers, log);
    LogOrder.check(log).forEach(checker::add);
    checker.checkLog();
    history.sendings().forEach(checker::check);
    return checker.findings;
  }

  @FormatMethod
  private void found(String format, Object... arguments) {
    add(String.format(format, arguments));
  }

  private void add(String finding) {
    String kind = finding.substring(0, finding.indexOf(':'));
    if (kinds.merge(kind, 1, Integer::sum) <= MAX_FINDINGS_OF_A_KIND) {
      findings.add(finding);
    }
  }

  private void checkLog() {
    Map<OriginBuffer, Long> newest = new LinkedHashMap<>();
    for (RecordedEvent event : log) {
      long number = event.getClientSequence();
      Optional<OriginBuffer> of =
          positions.keySet().stream()
              .filter(
                  buffer ->
                      buffer.client().equals(event.getClientId())
                          && buffer.buffer().equals(event.getBufferId()))
              .findFirst();
      if (of.isEmpty() || number < 1 || number > of.get().size() || of.get().isVoid(number)) {
        found(
            "invented: number %d of %s/%s at position %d",
            number, event.getClientId(), event.getBufferId(), event.getPosition());
        continue;
      }
      OriginBuffer buffer = of.get();
      long[] byNumber = positions.get(buffer);
      if (byNumber[(int) number] != 0) {
        found(
            "twice: number %d of %s is at positions %d and %d",
            number, buffer, byNumber[(int) number], event.getPosition());
        continue;
      }
      byNumber[(int) number] = event.getPosition();
      if (number < newest.getOrDefault(buffer, 0L)) {
        found(
            "order: number %d of %s, at position %d, comes after %d",
            number, buffer, event.getPosition(), newest.get(buffer));
      }
      newest.merge(buffer, number, Math::max);
      if (!HistoryChecker.isRecordOf(buffer.event(number).orElseThrow(), event)) {
        found("altered: number %d of %s at position %d", number, buffer, event.getPosition());
      }
    }
    positions.forEach(
        (buffer, byNumber) -> {
          for (int number = 1; number <= buffer.size(); number++) {
            if (byNumber[number] == 0 && !buffer.isVoid(number)) {
              found("missing: number %d of %s is not there", number, buffer);
            }
          }
        });
  }

  private void check(Sending sending) {
    if (sending.attempt() instanceof Attempt.Landed landed) {
      switch (sending.kind()) {
        case GAP -> found("gap: %s landed after %d", sending, sending.sent());
        case DIVERGING -> found("diverged: %s landed", sending);
        case TRUE -> check(sending, landed.appended());
      }
    } else if (sending.attempt() instanceof Attempt.NotAppended refused
        && !OriginReplayer.isPassing(refused)) {
      checkRefusal(sending, refused);
    } else if (sending.attempt() instanceof Attempt.Conflicted) {
      found("denied: %s met a conflict", sending);
    }
  }

  private void checkRefusal(Sending sending, Attempt.NotAppended refused) {
    ErrorCode right =
        switch (sending.kind()) {
          case TRUE -> ErrorCode.ERROR_CODE_UNSPECIFIED;
          case GAP -> ErrorCode.ERROR_CODE_SEQUENCE_GAP;
          case DIVERGING -> ErrorCode.ERROR_CODE_ORIGIN_DIVERGED;
        };
    if (refused.code() != right) {
      found("denied: %s, with %d landed, was refused: %s", sending, sending.landed(), refused);
    }
    long expected = refused.error().getExpectedSequence();
    // What is on its way may have landed or not; nothing else is in doubt.
    if (sending.kind() == Kind.GAP
        && (expected < sending.landed() + 1 || expected > sending.sent() + 1)) {
      found(
          "expected: %s was told that %d comes next, where %d had landed and %d been sent",
          sending, expected, sending.landed(), sending.sent());
    }
  }

  private void check(Sending sending, Appended answer) {
    List<Long> held = new ArrayList<>();
    long[] byNumber = positions.get(sending.buffer());
    for (int i = 0; i < sending.length(); i++) {
      held.add(byNumber[(int) sending.first() + i]);
    }
    if (!answer.getOriginPositionsList().equals(held)) {
      found(
          "answer: %s was told positions %s, and is at %s",
          sending, answer.getOriginPositionsList(), held);
      return;
    }
    List<Long> events = held.stream().filter(position -> position != 0).toList();
    int firstNew = events.indexOf(answer.getFirstPosition());
    if (answer.getFirstPosition() == 0) {
      boolean holdsVoid = sending.append().getOrigin().getVoidsCount() > 0;
      if (answer.getLastPosition() != 0
          || answer.getVersionsCount() != 0
          || (!answer.getReplayed() && !holdsVoid)) {
        found("new: %s landed nothing new, and was told %s", sending, answer);
      }
    } else if (answer.getReplayed() || firstNew < 0) {
      found("new: %s was told %s, and is at %s", sending, answer, held);
    } else {
      checkNew(sending, answer, events.subList(firstNew, events.size()));
    }
  }

  private void checkNew(Sending sending, Appended answer, List<Long> events) {
    long first = events.get(0);
    long last = events.get(events.size() - 1);
    if (answer.getLastPosition() != last || last - first != events.size() - 1) {
      found("new: %s was told %s, and landed at %s", sending, answer, events);
      return;
    }
    Map<String, Long> versions = new LinkedHashMap<>();
    for (long position : events) {
      RecordedEvent event = log.get((int) position - 1);
      versions.put(event.getSource(), event.getVersion());
      if (!event.getRecorded().equals(answer.getRecorded())) {
        found("new: %s was told %s, not when position %d was recorded", sending, answer, position);
      }
      if (!claimed.add(position)) {
        found("decided twice: position %d was told as new once more to %s", position, sending);
      }
    }
    Map<String, Long> told = new LinkedHashMap<>();
    for (SourceVersion version : answer.getVersionsList()) {
      told.put(version.getSource(), version.getVersion());
    }
    if (!List.copyOf(versions.entrySet()).equals(List.copyOf(told.entrySet()))) {
      found("new: %s was told versions %s, and has %s", sending, told, versions);
    }
  }
}
