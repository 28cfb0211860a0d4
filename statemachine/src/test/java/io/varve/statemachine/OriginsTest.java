package io.varve.statemachine;

import static io.varve.statemachine.TestLog.append;
import static io.varve.statemachine.TestLog.event;
import static io.varve.statemachine.TestLog.exactly;
import static io.varve.statemachine.TestLog.when;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.proto.v1.Append;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.Outcome.SourceVersion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of origins: each number lands once and in order, however it is sent. */
class OriginsTest {

  private static final long LATER = TestLog.RECORDED + 7;

  @TempDir private Path directory;
  private TestLog log;

  @BeforeEach
  void open() {
    log = TestLog.founded(directory.resolve("store"), 5, 1_000);
  }

  @AfterEach
  void close() {
    log.close();
  }

  @Test
  void aRunLandsWithItsOriginInItsEvents() {
    log.append(append(event("a", "T")));

    Appended landed = log.appended(run(1, event("a", "T"), event("b", "T"), event("a", "U")));

    assertThat(landed)
        .isEqualTo(
            new Appended(
                2,
                4,
                List.of(new SourceVersion("a", 3), new SourceVersion("b", 1)),
                TestLog.RECORDED,
                false,
                List.of(2L, 3L, 4L)));
    StoredEvent last = log.reader().event(4).orElseThrow();
    assertThat(last.clientId()).isEqualTo("client");
    assertThat(last.bufferId()).isEqualTo("buffer");
    assertThat(last.clientSequence()).isEqualTo(3);
    assertThat(log.reader().event(1).orElseThrow().clientSequence()).isZero();
    assertThat(log.reader().lastSequence("client", "buffer")).isEqualTo(3);
  }

  @Test
  void whatLandedIsSkippedAndTheRestAppended() {
    log.append(run(1, event("a", "One"), event("a", "Two")));
    log.append(append(event("a", "Other")));

    Appended landed =
        (Appended) log.append(LATER, run(2, event("a", "Two"), event("b", "Three"))).get(0);

    assertThat(landed)
        .isEqualTo(
            new Appended(4, 4, List.of(new SourceVersion("b", 1)), LATER, false, List.of(2L, 4L)));
    assertThat(log.reader().event(4).orElseThrow().clientSequence()).isEqualTo(3);
  }

  @Test
  void aReplayTakesNothingAndIsAnsweredWithThePositions() {
    log.append(run(1, event("a", "One"), event("a", "Two"), event("a", "Three")));
    log.append(append(event("a", "Other")));

    Appended replayed = (Appended) log.append(LATER, run(2, event("a", "Two"))).get(0);

    assertThat(replayed)
        .isEqualTo(new Appended(0, 0, List.of(), TestLog.RECORDED, true, List.of(2L)));
    assertThat(log.reader().head()).isEqualTo(4);
    assertThat(log.reader().recordedMicros()).isEqualTo(TestLog.RECORDED);
  }

  @Test
  void originsAreRememberedBeyondTheDedupWindow() {
    log.append(run(1, event("a", "One")));
    for (int i = 0; i < 20; i++) {
      log.append(append(event("a", "Other")));
    }

    assertThat(log.appended(run(1, event("a", "One"))).originPositions()).containsExactly(1L);
  }

  @Test
  void aGapIsRefusedWithTheNumberExpected() {
    Refused first = log.refused(run(2, event("a", "T")));
    assertThat(first.refusal()).isEqualTo(Refusal.SEQUENCE_GAP);
    assertThat(first.field()).isEqualTo("append.origin.first_sequence");
    assertThat(first.expectedSequence()).isEqualTo(1);

    log.append(run(1, event("a", "T"), event("a", "T")));
    assertThat(log.refused(run(4, event("a", "T"))).expectedSequence()).isEqualTo(3);
    assertThat(log.refused(run(Long.MAX_VALUE, event("a", "T"))).expectedSequence()).isEqualTo(3);
    assertThat(log.reader().head()).isEqualTo(2);
    assertThat(log.reader().lastSequence("client", "buffer")).isEqualTo(2);
  }

  @Test
  void aRunThatSaysOtherThanWhatLandedIsRefusedWhole() {
    NewEvent one = event("a", "One", "tag");
    NewEvent two = event("a", "Two");
    log.append(run(1, one, two), run(3, List.of(4L), event("a", "Three")));
    Append other = append(event("b", "New"));
    for (NewEvent changed :
        List.of(
            one.toBuilder().setSource("b").build(),
            one.toBuilder().setType("Onf").build(),
            one.toBuilder().addTags("more").build(),
            one.toBuilder().clearTags().build(),
            one.toBuilder().setKey("k").build(),
            one.toBuilder().setData(one.getData().concat(one.getData())).build(),
            one.toBuilder().clearData().build(),
            one.toBuilder().setData(one.getData().substring(1)).build(),
            one.toBuilder().setId("id").build(),
            one.toBuilder().setContentType("text/plain").build(),
            one.toBuilder().setMetadata(one.getData()).build(),
            one.toBuilder().setOccurred(one.getOccurred()).build())) {
      Refused refused = log.refused(run(1, changed, two, event("a", "Three")));
      assertThat(refused.refusal()).as("%s", changed).isEqualTo(Refusal.ORIGIN_DIVERGED);
      assertThat(refused.field()).isEqualTo("append.events[0]");
    }
    assertThat(log.refused(run(2, two, event("a", "Other"))).field()).isEqualTo("append.events[1]");
    assertThat(log.refused(run(3, event("a", "Three"), event("a", "Four"))).field())
        .as("an event where a void landed")
        .isEqualTo("append.events[1]");
    assertThat(log.refused(run(1, List.of(2L), one)).field())
        .as("a void where an event landed")
        .isEqualTo("append.origin.voids[0]");
    assertThat(log.refused(run(3, List.of(3L, 4L, 5L), event("a", "Six"))).field())
        .isEqualTo("append.origin.voids[0]");

    assertThat(log.reader().head()).isEqualTo(3);
    assertThat(log.reader().lastSequence("client", "buffer")).isEqualTo(4);
    assertThat(log.appended(other).firstPosition()).isEqualTo(4);
  }

  @Test
  void aVoidTakesANumberWithoutAnEvent() {
    Appended landed = log.appended(run(1, List.of(1L, 3L), event("a", "Two"), event("a", "Four")));

    assertThat(landed)
        .isEqualTo(
            new Appended(
                1,
                2,
                List.of(new SourceVersion("a", 2)),
                TestLog.RECORDED,
                false,
                List.of(0L, 1L, 0L, 2L)));
    assertThat(log.reader().event(2).orElseThrow().clientSequence()).isEqualTo(4);
    log.reopen();
    assertThat(log.appended(run(1, List.of(1L, 3L), event("a", "Two"), event("a", "Four"))))
        .isEqualTo(new Appended(0, 0, List.of(), TestLog.RECORDED, true, List.of(0L, 1L, 0L, 2L)));
  }

  @Test
  void aRunOfVoidsMovesNoHead() {
    log.append(append(event("a", "T")));

    assertThat(log.append(LATER, run(1, List.of(1L, 2L))).get(0))
        .isEqualTo(new Appended(0, 0, List.of(), LATER, false, List.of(0L, 0L)));
    assertThat(log.reader().head()).isEqualTo(1);
    assertThat(log.reader().recordedMicros()).isEqualTo(TestLog.RECORDED);
    log.reopen();
    assertThat(log.reader().lastSequence("client", "buffer")).isEqualTo(2);
    assertThat(log.append(LATER + 1, run(1, List.of(1L, 2L))).get(0))
        .isEqualTo(new Appended(0, 0, List.of(), LATER + 1, true, List.of(0L, 0L)));
    assertThat(log.appended(run(2, List.of(2L, 3L))).originPositions()).containsExactly(0L, 0L);
    assertThat(log.appended(run(4, event("a", "Four"))).firstPosition()).isEqualTo(2);
  }

  @Test
  void laterRunsOfAnEntrySeeEarlierOnes() {
    List<Outcome> outcomes =
        log.append(
            run(1, event("a", "One")),
            run(1, List.of(3L), event("a", "One"), event("a", "Two")),
            run(3, List.of(3L), event("a", "Four")),
            run(2, List.of(3L), event("a", "Other")),
            run(6, event("a", "Six")));

    assertThat(outcomes.stream().limit(3).map(o -> ((Appended) o).originPositions()))
        .containsExactly(List.of(1L), List.of(1L, 2L, 0L), List.of(0L, 3L));
    assertThat(((Refused) outcomes.get(3)).refusal()).isEqualTo(Refusal.ORIGIN_DIVERGED);
    assertThat(((Refused) outcomes.get(4)).expectedSequence()).isEqualTo(5);
  }

  @Test
  void buffersAndClientsAreApart() {
    log.append(run(1, event("a", "T")));

    assertThat(log.appended(run("client", "buffer2", 1, List.of(), event("a", "U"))).replayed())
        .isFalse();
    assertThat(log.appended(run("clientb", "uffer", 1, List.of(), event("a", "V"))).replayed())
        .as("names that are equal one behind the other")
        .isFalse();
    assertThat(log.reader().lastSequence("clientb", "uffer")).isEqualTo(1);
    assertThat(log.reader().lastSequence("client", "buffer3")).isZero();
  }

  @Test
  void aConditionalAppendSeesWhatADeviceHasSynced() {
    log.append(run(1, event("canvas", "Drawn")));

    Outcome.Conflict conflict =
        log.conflict(when(append(event("canvas", "Cleared")), exactly("canvas", 0)));

    assertThat(conflict.failed().get(0).newest())
        .contains(new Outcome.ConflictingEvent(1, "canvas", "Drawn"));
    assertThat(log.appended(run(2, event("canvas", "Drawn"))).firstPosition()).isEqualTo(2);
  }

  @Test
  void nothingIsTakenBeforeTheLogIsFounded() {
    try (TestLog unfounded = TestLog.open(directory.resolve("unfounded"))) {
      assertThat(unfounded.refused(run(1, event("a", "T"))).refusal())
          .isEqualTo(Refusal.NOT_FOUNDED);
    }
  }

  /** Many buffers replayed in overlapping, cut and repeated runs, over restarts. */
  @Test
  void anyReplaySplitAnyWayLandsEachNumberOnceAndInOrder() {
    Random random = new Random(20261122);
    int buffers = 12;
    int length = 120;
    while (true) {
      List<Append> entry = new ArrayList<>();
      boolean all = true;
      for (int buffer = 0; buffer < buffers; buffer++) {
        long last = log.reader().lastSequence("client", "b" + buffer);
        all &= last == length;
        int from = 1 + random.nextInt((int) Math.min(length, last + 1));
        int to = Math.min(length, from + random.nextInt(20));
        entry.add(slice(buffer, from, to));
      }
      if (all) {
        break;
      }
      for (Outcome outcome : log.append(entry.toArray(new Append[0]))) {
        assertThat(outcome).isInstanceOf(Appended.class);
      }
      if (random.nextInt(10) == 0) {
        log.reopen();
      }
    }
    List<StoredEvent> events = TestLog.events(log.reader().log(1, Direction.FORWARD));
    for (int buffer = 0; buffer < buffers; buffer++) {
      String name = "b" + buffer;
      assertThat(
              events.stream()
                  .filter(event -> event.bufferId().equals(name))
                  .mapToLong(StoredEvent::clientSequence))
          .containsExactlyElementsOf(
              LongStream.rangeClosed(1, length).filter(n -> n % 7 != 0).boxed().toList());
      assertThat(log.appended(slice(buffer, 1, length)).replayed()).isTrue();
    }
    Path copy = directory.resolve("copy");
    log.core().checkpoint(copy);
    assertThat(StoreAudit.run(copy).problems()).isEmpty();
  }

  /** A part of a buffer: every seventh number is a void. */
  private static Append slice(int buffer, int from, int to) {
    List<Long> voids = LongStream.rangeClosed(from, to).filter(n -> n % 7 == 0).boxed().toList();
    NewEvent[] events =
        LongStream.rangeClosed(from, to)
            .filter(n -> n % 7 != 0)
            .mapToObj(n -> event("source-" + n % 5, "T", "n:" + n, "b:" + buffer))
            .toArray(NewEvent[]::new);
    return run("client", "b" + buffer, from, voids, events);
  }

  private static Append run(long first, NewEvent... events) {
    return run(first, List.of(), events);
  }

  private static Append run(long first, List<Long> voids, NewEvent... events) {
    return run("client", "buffer", first, voids, events);
  }

  private static Append run(
      String client, String buffer, long first, List<Long> voids, NewEvent... events) {
    return Append.newBuilder()
        .addAllEvents(Arrays.asList(events))
        .setOrigin(
            Origin.newBuilder()
                .setClientId(client)
                .setBufferId(buffer)
                .setFirstSequence(first)
                .addAllVoids(voids))
        .build();
  }
}
