package io.varve.statemachine;

import static io.varve.statemachine.LogReader.Direction.BACKWARD;
import static io.varve.statemachine.LogReader.Direction.FORWARD;
import static io.varve.statemachine.TestLog.append;
import static io.varve.statemachine.TestLog.event;
import static io.varve.statemachine.TestLog.exactly;
import static io.varve.statemachine.TestLog.filter;
import static io.varve.statemachine.TestLog.mustExist;
import static io.varve.statemachine.TestLog.mustNotExist;
import static io.varve.statemachine.TestLog.positions;
import static io.varve.statemachine.TestLog.scope;
import static io.varve.statemachine.TestLog.tags;
import static io.varve.statemachine.TestLog.types;
import static io.varve.statemachine.TestLog.when;
import static io.varve.statemachine.TestLog.withId;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Condition;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Conflict;
import io.varve.statemachine.Outcome.ConflictingEvent;
import io.varve.statemachine.Outcome.FailedCondition;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.SourceVersion;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogCoreTest {

  @TempDir private Path directory;
  private TestLog log;

  @BeforeEach
  void open() {
    log = TestLog.founded(directory.resolve("store"));
  }

  @AfterEach
  void close() {
    log.close();
  }

  @Test
  void givesPositionsAndVersionsInOrder() {
    Appended first = log.appended(append(event("a", "T"), event("b", "T"), event("a", "T")));
    Appended second = log.appended(append(event("b", "T")));

    assertThat(first)
        .isEqualTo(
            new Appended(
                1,
                3,
                List.of(new SourceVersion("a", 2), new SourceVersion("b", 1)),
                TestLog.RECORDED,
                false));
    assertThat(second.versions()).containsExactly(new SourceVersion("b", 2));
    assertThat(second.firstPosition()).isEqualTo(4);
    assertThat(log.reader().head()).isEqualTo(4);
    assertThat(log.reader().version("a")).isEqualTo(2);
    assertThat(log.reader().version("nobody")).isZero();
    assertThat(log.reader().position("a", 2)).contains(3L);
    assertThat(log.reader().position("a", 3)).isEmpty();
  }

  @Test
  void laterAppendsOfAnEntrySeeEarlierOnes() {
    List<Outcome> outcomes =
        log.append(
            when(append(event("a", "T", "x")), exactly("a", 0)),
            when(append(event("a", "T")), exactly("a", 0)),
            when(append(event("a", "U")), exactly("a", 1), scope(1, tags("x"))),
            when(append(event("b", "U")), scope(1, types("U", "V"))));

    assertThat(outcomes.get(0)).isInstanceOf(Appended.class);
    assertThat(((Conflict) outcomes.get(1)).failed().get(0).foundVersion()).isEqualTo(1);
    assertThat(((Appended) outcomes.get(2)).firstPosition()).isEqualTo(2);
    assertThat(((Conflict) outcomes.get(3)).failed().get(0).newest())
        .contains(new ConflictingEvent(2, "a", "U"));
    assertThat(log.reader().head()).isEqualTo(2);
  }

  @Test
  void aConflictListsEveryFailedConditionWithWhatWasFound() {
    log.append(append(event("a", "Opened", "t")), append(event("b", "Closed", "t")));
    Condition noneOfA = mustNotExist("a");
    Condition someOfC = mustExist("c");
    Condition nothingTagged = scope(0, types("Nothing"), tags("t"));
    Condition fine = exactly("b", 1);

    Conflict conflict =
        log.conflict(when(append(event("d", "T")), noneOfA, fine, someOfC, nothingTagged));

    assertThat(conflict.failed())
        .containsExactly(
            new FailedCondition(0, noneOfA, 1, Optional.of(new ConflictingEvent(1, "a", "Opened"))),
            new FailedCondition(2, someOfC, 0, Optional.empty()),
            new FailedCondition(
                3, nothingTagged, 0, Optional.of(new ConflictingEvent(2, "b", "Closed"))));
    assertThat(log.reader().version("d")).isZero();
  }

  @Test
  void aConditionsOnlyAppendChecksAndChangesNothing() {
    log.append(append(event("a", "T")));

    assertThat(log.appendOne(when(append(), exactly("a", 1))))
        .isEqualTo(new Appended(0, 0, List.of(), TestLog.RECORDED, false));
    assertThat(log.appendOne(when(append(), exactly("a", 2)))).isInstanceOf(Conflict.class);
    assertThat(log.reader().head()).isEqualTo(1);
  }

  @Test
  void anAfterAboveTheHeadIsAnotherHistory() {
    log.append(append(event("a", "T")));

    Outcome.Refused refused =
        log.refused(when(append(event("a", "T")), exactly("a", 9), scope(2, types("T"))));

    assertThat(refused.refusal()).isEqualTo(Refusal.OUT_OF_RANGE);
    assertThat(refused.field()).isEqualTo("append.conditions[1].concurrency_scope.after");
    assertThat(log.appendOne(when(append(event("a", "T")), scope(1, types("T")))))
        .isInstanceOf(Appended.class);
  }

  @Test
  void aRepeatedIdGetsTheOriginalAnswerBeforeAnyCondition() {
    UUID id = new UUID(1, 2);
    Append original =
        withId(id, 0, when(append(event("a", "T"), event("b", "T")), exactly("a", 0)));

    Appended first = log.appended(original);
    log.append(append(event("a", "T")));

    Appended replay = log.appended(original);
    assertThat(replay)
        .isEqualTo(
            new Appended(
                first.firstPosition(),
                first.lastPosition(),
                first.versions(),
                first.recordedMicros(),
                true));
    assertThat(log.reader().append(id)).contains(replay);
    assertThat(log.reader().append(new UUID(1, 3))).isEmpty();
    assertThat(log.refused(withId(id, 0, append(event("a", "T")))).refusal())
        .isEqualTo(Refusal.APPEND_ID_REUSED);
    assertThat(log.reader().head()).isEqualTo(3);
  }

  @Test
  void aRepeatedIdIsSeenWithinItsOwnEntry() {
    Append append = withId(new UUID(7, 7), 0, append(event("a", "T"), event("c", "T")));

    List<Outcome> outcomes = log.append(append, append);

    assertThat(outcomes.get(1))
        .isEqualTo(
            new Appended(
                1,
                2,
                List.of(new SourceVersion("a", 1), new SourceVersion("c", 1)),
                TestLog.RECORDED,
                true));
  }

  @Test
  void nothingIsDecidedBeforeTheFounding() {
    try (TestLog empty = TestLog.open(directory.resolve("empty"))) {
      assertThat(empty.refused(append(event("a", "T"))).refusal()).isEqualTo(Refusal.NOT_FOUNDED);
      assertThat(empty.reader().logIdentity()).isEqualTo(ByteString.EMPTY);
      empty.found(5, 6);
      empty.found(7, 8);
      assertThat(empty.reader().dedupWindow()).isEqualTo(5);
      assertThat(empty.reader().logIdentity()).isEqualTo(TestLog.IDENTITY);
    }
  }

  @Test
  void recordedTimeNeverRunsBackwards() {
    log.append(1_000, append(event("a", "T")));
    log.append(5_000, when(append(event("a", "T")), exactly("a", 9)));
    log.append(500, append(event("a", "T")));
    log.append(2_000, append(event("a", "T")));

    assertThat(TestLog.events(log.reader().log(1, FORWARD)))
        .extracting(StoredEvent::recordedMicros)
        .containsExactly(1_000L, 1_000L, 2_000L);
    assertThat(log.reader().recordedMicros()).isEqualTo(2_000);
  }

  @Test
  void anEntryAppliedBeforeChangesNothing() {
    Command command = Command.newBuilder().setFormat(1).build();
    log.append(append(event("a", "T")));
    long applied = log.core().appliedIndex();

    assertThat(log.core().apply(1, applied, command.toByteString())).isEmpty();
    log.core().advance(1, applied - 1);
    assertThat(log.core().appliedIndex()).isEqualTo(applied);
  }

  @Test
  void anUnknownCommandStopsTheCore() {
    ByteString newer = Command.newBuilder().setFormat(2).build().toByteString();

    assertThatThrownBy(() -> log.core().apply(1, 10, newer))
        .isInstanceOf(UnknownCommandException.class)
        .hasMessageContaining("format 2");
    assertThatThrownBy(() -> log.append(append(event("a", "T"))))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> log.core().checkpoint(directory.resolve("c")))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void reopensWhereItWasClosed() {
    UUID id = new UUID(3, 4);
    Append append = withId(id, 0, append(event("a", "T", "x")));
    log.append(append);
    log.core().advance(2, 17);

    log.reopen();

    assertThat(log.core().appliedIndex()).isEqualTo(17);
    assertThat(log.core().appliedTerm()).isEqualTo(2);
    assertThat(log.reader().head()).isEqualTo(1);
    assertThat(log.appended(append).replayed()).isTrue();
    assertThat(log.conflict(when(append(event("b", "T")), scope(0, tags("x")))).failed().get(0))
        .extracting(f -> f.newest().orElseThrow().position())
        .isEqualTo(1L);
    assertThat(log.appended(append(event("a", "T"), event("b", "T"))).versions())
        .containsExactly(new SourceVersion("a", 2), new SourceVersion("b", 1));
  }

  @Test
  void walksTheLogBothWays() {
    for (int i = 1; i <= 10; i++) {
      log.append(append(event("s" + i % 3, i % 2 == 0 ? "Even" : "Odd")));
    }

    assertThat(positions(log.reader().log(8, FORWARD))).containsExactly(8L, 9L, 10L);
    assertThat(positions(log.reader().log(3, BACKWARD))).containsExactly(3L, 2L, 1L);
    assertThat(positions(log.reader().log(Long.MAX_VALUE, BACKWARD))).hasSize(10);
    assertThat(positions(log.reader().source("s1", 2, FORWARD))).containsExactly(4L, 7L, 10L);
    assertThat(positions(log.reader().source("s1", 2, BACKWARD))).containsExactly(4L, 1L);
    assertThat(positions(log.reader().source("nobody", 1, FORWARD))).isEmpty();
    assertThat(positions(log.reader().filter(filter(types("Even")), 3, FORWARD)))
        .containsExactly(4L, 6L, 8L, 10L);
    assertThat(
            positions(
                log.reader()
                    .filter(filter(types("Even"), TestLog.source("s1")), Long.MAX_VALUE, BACKWARD)))
        .containsExactly(10L, 8L, 7L, 6L, 4L, 2L, 1L);
  }
}
