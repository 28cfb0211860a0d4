package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import io.varve.faults.History.Operation;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Appended;
import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Conflict;
import io.varve.proto.v1.ConflictingEvent;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.FailedCondition;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SourceVersion;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each of these histories has one thing wrong that a cluster could do wrong. All are convicted. */
class HistoryCheckerTest {
  private final History history = new History();
  private final List<RecordedEvent> log = new ArrayList<>();

  /**
   * A history with everything a right one has: successes, a replay, a conflict, an unknown, reads.
   */
  private Operation rightHistory() {
    for (int i = 0; i < 10; i++) {
      Operation operation = history.begin(Caller.increment("right-" + i, "s", i, i));
      operation.answered(System.nanoTime(), new Attempt.Landed(land(operation.append())));
      history.read("s", i + 1, System.nanoTime());
    }
    Operation repeated = history.operations().get(3);
    repeated.answered(
        System.nanoTime(),
        new Attempt.Landed(answer(repeated).toBuilder().setReplayed(true).build()));
    Operation loser = history.begin(Caller.increment("loser", "s", 4, 4));
    loser.answered(System.nanoTime(), new Attempt.Conflicted(conflict(loser.append(), 10)));
    Operation unknown = history.begin(Caller.increment("unknown", "s", 10, 10));
    unknown.answered(System.nanoTime(), new Attempt.Unknown("cut"));
    land(unknown.append());
    Operation neverLanded = history.begin(Caller.increment("never", "s", 11, 10));
    neverLanded.answered(System.nanoTime(), new Attempt.Unknown("cut"));
    return repeated;
  }

  private Appended land(Append append) {
    long first = log.size() + 1L;
    Appended.Builder answer = Appended.newBuilder().setFirstPosition(first);
    append
        .getEventsList()
        .forEach(
            event ->
                log.add(
                    RecordedEvent.newBuilder()
                        .setPosition(log.size() + 1L)
                        .setVersion(
                            1
                                + log.stream()
                                    .filter(
                                        earlier -> earlier.getSource().equals(event.getSource()))
                                    .count())
                        .setSource(event.getSource())
                        .setType(event.getType())
                        .setSourceType(event.getSourceType())
                        .addAllTags(event.getTagsList())
                        .setData(event.getData())
                        .setId(event.getId())
                        .setRecorded(Timestamp.newBuilder().setSeconds(first))
                        .build()));
    RecordedEvent last = log.get(log.size() - 1);
    return answer
        .setLastPosition(last.getPosition())
        .addVersions(
            SourceVersion.newBuilder().setSource(last.getSource()).setVersion(last.getVersion()))
        .setRecorded(last.getRecorded())
        .build();
  }

  private Conflict conflict(Append append, long foundVersion) {
    return Conflict.newBuilder()
        .addFailed(
            FailedCondition.newBuilder()
                .setExpected(append.getConditions(0))
                .setFoundVersion(foundVersion)
                .setNewest(
                    ConflictingEvent.newBuilder()
                        .setPosition(foundVersion)
                        .setSource("s")
                        .setType("Counted")))
        .build();
  }

  private static Appended answer(Operation operation) {
    return operation.answers().stream()
        .map(History.Answer::attempt)
        .filter(Attempt.Landed.class::isInstance)
        .map(attempt -> ((Attempt.Landed) attempt).appended())
        .findFirst()
        .orElseThrow();
  }

  private void convicts(String kind) {
    assertThat(HistoryChecker.check(history, log))
        .as("findings of kind '%s'", kind)
        .anyMatch(finding -> finding.startsWith(kind));
  }

  private void edit(int position, java.util.function.UnaryOperator<RecordedEvent.Builder> change) {
    log.set(position - 1, change.apply(log.get(position - 1).toBuilder()).build());
  }

  @Test
  void clearsARightHistory() {
    rightHistory();
    assertThat(HistoryChecker.check(history, log)).isEmpty();
  }

  @Test
  void convictsAnAcknowledgedEventThatIsGone() {
    rightHistory();
    log.remove(log.size() - 2);
    convicts("lost");
  }

  @Test
  void convictsAnAcknowledgedTailThatIsGone() {
    rightHistory();
    log.subList(7, log.size()).clear();
    convicts("lost");
  }

  @Test
  void convictsAnEventThatLandedTwice() {
    rightHistory();
    land(history.operations().get(3).append());
    convicts("twice");
  }

  @Test
  void convictsASecondAnswerThatDiffers() {
    Operation repeated = rightHistory();
    repeated.answered(
        System.nanoTime(),
        new Attempt.Landed(
            answer(repeated).toBuilder()
                .setReplayed(true)
                .setRecorded(Timestamp.newBuilder().setSeconds(99))
                .build()));
    convicts("answer");
  }

  @Test
  void convictsAnAnswerThatIsAnothersAnswer() {
    rightHistory();
    Operation mixedUp = history.begin(Caller.append("mixed-up", "t", 0, 0));
    land(mixedUp.append());
    mixedUp.answered(System.nanoTime(), new Attempt.Landed(answer(history.operations().get(5))));
    convicts("answer");
  }

  @Test
  void convictsARepetitionThatIsNotMarkedAsOne() {
    Operation repeated = rightHistory();
    repeated.answered(System.nanoTime(), new Attempt.Landed(answer(repeated)));
    convicts("decided twice");
  }

  @Test
  void convictsAGap() {
    rightHistory();
    for (int position = 5; position <= log.size(); position++) {
      edit(position, event -> event.setPosition(event.getPosition() + 1));
    }
    convicts("position");
  }

  @Test
  void convictsAVersionThatSkips() {
    rightHistory();
    edit(5, event -> event.setVersion(6));
    convicts("version");
  }

  @Test
  void convictsRecordedTimeThatRunsBackwards() {
    rightHistory();
    edit(5, event -> event.setRecorded(Timestamp.newBuilder().setSeconds(1)));
    convicts("recorded");
  }

  @Test
  void convictsAnEventNobodySent() {
    rightHistory();
    land(Caller.append("nobody", "t", 0, 0));
    convicts("invented");
  }

  @Test
  void convictsAnAlteredPayload() {
    rightHistory();
    edit(5, event -> event.setData(com.google.protobuf.ByteString.copyFromUtf8("other")));
    convicts("altered");
  }

  @Test
  void convictsHalfAnAppend() {
    Append two =
        Caller.append("two-a", "t", 0, 0).toBuilder()
            .addEvents(Caller.event("two-b", "t", 0))
            .build();
    Operation operation = history.begin(two);
    operation.answered(System.nanoTime(), new Attempt.Unknown("cut"));
    land(Append.newBuilder().addEvents(two.getEvents(0)).build());
    convicts("torn");
  }

  @Test
  void convictsALostUpdate() {
    rightHistory();
    Operation loose = history.begin(Caller.increment("loose", "s", 5, 5));
    loose.answered(System.nanoTime(), new Attempt.Landed(land(loose.append())));
    convicts("condition");
  }

  @Test
  void convictsARefusalThatLanded() {
    rightHistory();
    Operation refused = history.begin(Caller.append("refused", "t", 0, 0));
    refused.answered(
        System.nanoTime(),
        new Attempt.NotAppended(ErrorCode.ERROR_CODE_UNAVAILABLE, "certainly not"));
    land(refused.append());
    convicts("refused, yet landed");
  }

  @Test
  void convictsAConflictThatLanded() {
    rightHistory();
    Operation loser = history.operations().get(10);
    land(loser.append());
    convicts("refused, yet landed");
  }

  @Test
  void convictsASuccessThatIsTakenBack() {
    Operation repeated = rightHistory();
    repeated.answered(System.nanoTime(), new Attempt.Conflicted(conflict(repeated.append(), 10)));
    convicts("taken back");
  }

  @Test
  void convictsARetryThatMeetsItsOwnSuccess() {
    rightHistory();
    Operation unknown = history.operations().get(11);
    unknown.answered(System.nanoTime(), new Attempt.Conflicted(conflict(unknown.append(), 11)));
    convicts("denied");
  }

  @Test
  void convictsAConflictThatIsNone() {
    rightHistory();
    Operation loser = history.begin(Caller.increment("loser-2", "s", 11, 4));
    loser.answered(System.nanoTime(), new Attempt.Conflicted(conflict(loser.append(), 11)));
    convicts("conflict");
  }

  @Test
  void convictsAConflictWithWhatNeverWas() {
    rightHistory();
    Operation loser = history.begin(Caller.increment("loser-2", "s", 4, 4));
    loser.answered(System.nanoTime(), new Attempt.Conflicted(conflict(loser.append(), 12)));
    convicts("conflict");
  }

  @Test
  void convictsAConflictOverAnotherCondition() {
    rightHistory();
    Operation loser = history.begin(Caller.increment("loser-2", "s", 4, 4));
    Append other =
        Append.newBuilder()
            .addConditions(
                Condition.newBuilder().setConcurrencyScope(ConcurrencyScope.newBuilder()))
            .build();
    loser.answered(System.nanoTime(), new Attempt.Conflicted(conflict(other, 10)));
    convicts("conflict");
  }

  @Test
  void convictsAnOrderThatTimeContradicts() {
    Operation first = history.begin(Caller.append("first", "s", 0, 0));
    Append second = Caller.append("second", "t", 0, 0);
    land(second);
    // Acknowledged before the second is sent, and yet behind it.
    first.answered(System.nanoTime(), new Attempt.Landed(land(first.append())));
    history.begin(second).answered(System.nanoTime(), new Attempt.Unknown("cut"));
    convicts("order");
  }

  @Test
  void convictsAStaleRead() {
    rightHistory();
    history.read("s", 9, System.nanoTime());
    convicts("stale read");
  }

  @Test
  void convictsAReadOfWhatWasTakenBack() {
    rightHistory();
    history.read("s", 12, System.nanoTime());
    convicts("read");
  }

  @Test
  void convictsAReadFromTheFuture() {
    history.read("s", 1, System.nanoTime());
    Operation later = history.begin(Caller.append("later", "s", 0, 0));
    later.answered(System.nanoTime(), new Attempt.Landed(land(later.append())));
    convicts("read");
  }
}
