package io.varve.statemachine.dedup;

import static io.varve.statemachine.TestLog.append;
import static io.varve.statemachine.TestLog.event;
import static io.varve.statemachine.TestLog.exactly;
import static io.varve.statemachine.TestLog.when;
import static io.varve.statemachine.TestLog.withId;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Conflict;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.TestLog;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppendMemoryTest {

  private static final long WINDOW = 5;
  private static final UUID ID = new UUID(11, 12);

  @TempDir private Path directory;
  private TestLog log;

  @BeforeEach
  void open() {
    log = TestLog.founded(directory, WINDOW, 100);
  }

  @AfterEach
  void close() {
    log.close();
  }

  @Test
  void remembersAnIdExactlyAsLongAsItsFirstPositionIsInTheWindow() {
    Append original = withId(ID, 0, append(event("a", "T"), event("a", "T")));
    log.append(original);
    fill(3);
    assertThat(log.reader().head()).isEqualTo(WINDOW);
    assertThat(log.appended(original).replayed()).as("1 > 5 - 5").isTrue();
    assertThat(log.reader().append(ID)).isPresent();

    fill(1);

    assertThat(log.refused(original).refusal()).as("1 > 6 - 5").isEqualTo(Refusal.FATE_UNKNOWN);
    assertThat(log.reader().append(ID)).isEmpty();
    assertThat(log.reader().head()).isEqualTo(6);
  }

  @Test
  void theWindowMovesWithinAnEntry() {
    Append original = withId(ID, 0, append(event("a", "T")));
    log.append(original);

    var outcomes = log.append(filler(4), original, filler(1), original);

    assertThat(((Appended) outcomes.get(1)).replayed()).isTrue();
    assertThat(((Refused) outcomes.get(3)).refusal()).isEqualTo(Refusal.FATE_UNKNOWN);
  }

  @Test
  void aKnownPositionAtTheEdgeOfTheWindowIsStillKnown() {
    fill(9);

    assertThat(log.refused(withId(ID, 3, append(event("a", "T")))).refusal())
        .isEqualTo(Refusal.FATE_UNKNOWN);
    assertThat(log.refused(withId(ID, 10, append(event("a", "T")))).refusal())
        .isEqualTo(Refusal.OUT_OF_RANGE);
    assertThat(log.refused(withId(ID, -1, append(event("a", "T")))).refusal())
        .as("2^64-1 is far above the head")
        .isEqualTo(Refusal.OUT_OF_RANGE);
    assertThat(log.appended(withId(ID, 4, append(event("a", "T")))).replayed()).isFalse();
  }

  @Test
  void aForgottenIdMayNameANewAppend() {
    log.append(withId(ID, 0, append(event("a", "T"))));
    fill(6);
    Append again = withId(ID, 7, append(event("b", "U")));

    assertThat(log.appended(again).firstPosition()).isEqualTo(8);
    assertThat(log.appended(again).replayed()).isTrue();
    log.reopen();
    assertThat(log.appended(again).firstPosition()).isEqualTo(8);
  }

  @Test
  void otherConditionsWithTheSameEventsAreStillTheSameAppend() {
    Append original = withId(ID, 0, when(append(event("a", "T")), exactly("a", 0)));
    log.append(original);

    assertThat(log.appended(when(original, exactly("a", 77))).replayed()).isTrue();
    assertThat(
            log.appended(
                    original.toBuilder()
                        .setAppendId(
                            AppendId.newBuilder(original.getAppendId()).setKnownPosition(1))
                        .build())
                .replayed())
        .isTrue();
  }

  @Test
  void everyFieldOfAnEventMakesItAnother() {
    var event = event("a", "T", "tag").toBuilder().setKey("k").build();
    log.append(withId(ID, 0, append(event)));

    for (var other :
        new NewEvent.Builder[] {
          event.toBuilder().setSource("b"),
          event.toBuilder().setType("U"),
          event.toBuilder().setSourceType("x"),
          event.toBuilder().setStreamType("x"),
          event.toBuilder().setStreamId("x"),
          event.toBuilder().addTags("x"),
          event.toBuilder().clearTags(),
          event.toBuilder().setKey("l"),
          event.toBuilder().setTombstone(true),
          event.toBuilder().clearData(),
          event.toBuilder().setContentType("x"),
          event.toBuilder().setMetadata(event.getData()),
          event.toBuilder().setId("x"),
          event.toBuilder().setOccurred(Timestamp.newBuilder().setSeconds(0))
        }) {
      assertThat(log.refused(withId(ID, 0, append(other.build()))).refusal())
          .as(other.toString())
          .isEqualTo(Refusal.APPEND_ID_REUSED);
    }
    assertThat(log.refused(withId(ID, 0, append(event, event))).refusal())
        .isEqualTo(Refusal.APPEND_ID_REUSED);
  }

  @Test
  void whatWasNotAppendedIsNotRemembered() {
    Append conflicting = withId(ID, 0, when(append(event("a", "T")), exactly("a", 1)));
    assertThat(log.appendOne(conflicting)).isInstanceOf(Conflict.class);
    Append checkOnly = withId(ID, 0, when(append(), exactly("a", 0)));
    assertThat(log.appended(checkOnly).replayed()).isFalse();
    assertThat(log.appended(checkOnly).replayed()).isFalse();

    log.append(append(event("a", "T")));

    assertThat(log.appended(conflicting).replayed()).isFalse();
    assertThat(log.appended(conflicting).replayed()).isTrue();
  }

  @Test
  void isRebuiltFromTheStore() {
    Append old = withId(ID, 0, append(event("a", "T")));
    Append recent = withId(new UUID(1, 1), 1, append(event("a", "T"), event("b", "T")));
    log.append(old, recent);
    fill(3);

    log.reopen();

    assertThat(log.refused(old).refusal()).isEqualTo(Refusal.FATE_UNKNOWN);
    assertThat(log.appended(recent).firstPosition()).isEqualTo(2);
    assertThat(log.reader().append(new UUID(1, 1))).isPresent();
  }

  private void fill(int events) {
    log.append(filler(events));
  }

  private static Append filler(int events) {
    Append.Builder filler = Append.newBuilder();
    for (int i = 0; i < events; i++) {
      filler.addEvents(event("filler", "F"));
    }
    return filler.build();
  }
}
