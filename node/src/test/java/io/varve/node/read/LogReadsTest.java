package io.varve.node.read;

import static io.varve.node.Requests.append;
import static io.varve.node.Requests.event;
import static io.varve.node.Requests.id;
import static io.varve.node.Requests.ofType;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.varve.node.LocalReplicator;
import io.varve.node.cluster.Conditions;
import io.varve.node.cluster.TestCluster;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.GetAppendRequest;
import io.varve.proto.v1.GetAppendResponse;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetSourceRequest;
import io.varve.proto.v1.GetSourceResponse;
import io.varve.proto.v1.ReadConsistency;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.ReadResponse;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.proto.v1.SubscribeResponse;
import io.varve.statemachine.AppendLimits;
import io.varve.statemachine.AppendValidator;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Timeout(60)
class LogReadsTest {

  private static final ReadConsistency LOCAL = ReadConsistency.newBuilder().setLocal(true).build();

  @TempDir private Path directory;
  private LocalReplicator raft;
  private LogReads reads;

  @BeforeEach
  void start() {
    raft = new LocalReplicator(directory, 10);
    open(options -> options);
  }

  @AfterEach
  void stop() {
    reads.close();
    raft.close();
  }

  private void open(UnaryOperator<ReadOptions> change) {
    reads =
        new LogReads(
            raft.reader(),
            raft,
            new AppendValidator(AppendLimits.defaults()),
            () -> LocalReplicator.LOG_IDENTITY,
            change.apply(ReadOptions.defaults()));
    raft.onHeadMoved(reads::headMoved);
  }

  private void reopen(UnaryOperator<ReadOptions> change) {
    reads.close();
    open(change);
  }

  private void land(Append... appends) {
    raft.replicate(TestCluster.command(appends)).join();
  }

  private void land(String source, String... types) {
    for (String type : types) {
      land(append(source, type));
    }
  }

  private static long soon() {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
  }

  private static long inMillis(long millis) {
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
  }

  private static Error error(CompletableFuture<?> answer) {
    try {
      answer.join();
    } catch (CompletionException e) {
      return Errors.of(e);
    }
    throw new AssertionError("no error");
  }

  private List<Long> read(ReadRequest.Builder request) throws Exception {
    PacedSink<ReadResponse> sink = PacedSink.eager();
    reads.read(request.build(), sink, soon());
    assertThat(sink.end()).isEqualTo(Error.getDefaultInstance());
    List<Long> positions = new ArrayList<>();
    while (sink.waiting() > 0) {
      ReadResponse response = sink.next();
      assertThat(response.getHead()).isEqualTo(raft.reader().head());
      assertThat(response.getLogIdentity()).isEqualTo(LocalReplicator.LOG_IDENTITY);
      response.getEventsList().forEach(event -> positions.add(event.getPosition()));
    }
    return positions;
  }

  private Error readError(ReadRequest.Builder request) throws Exception {
    PacedSink<ReadResponse> sink = PacedSink.eager();
    reads.read(request.build(), sink, soon());
    return sink.end();
  }

  private PacedSink<SubscribeResponse> subscribe(SubscribeRequest.Builder request) {
    PacedSink<SubscribeResponse> sink = PacedSink.eager();
    reads.subscribe(request.build(), sink, soon());
    return sink;
  }

  private static List<Long> positions(SubscribeResponse response) {
    return response.getBatch().getEventsList().stream().map(RecordedEvent::getPosition).toList();
  }

  private static ReadRequest.Builder all() {
    return ReadRequest.newBuilder();
  }

  // ---- single answers

  @Test
  void theHeadComesWithItsTime() {
    assertThat(reads.head(GetHeadRequest.getDefaultInstance(), soon()).join())
        .matches(response -> response.getHead() == 0 && !response.hasRecorded());
    land("a", "T");
    assertThat(reads.head(GetHeadRequest.getDefaultInstance(), soon()).join())
        .matches(response -> response.getHead() == 1 && response.getRecorded().getSeconds() > 0);
  }

  @Test
  void aSourceHasAVersionAndANewestEvent() {
    land("a", "T", "T");
    land("b", "T");
    GetSourceResponse a =
        reads.source(GetSourceRequest.newBuilder().setSource("a").build(), soon()).join();
    assertThat(a.getVersion()).isEqualTo(2);
    assertThat(a.getLastPosition()).isEqualTo(2);
    assertThat(a.getHead()).isEqualTo(3);
    GetSourceResponse none =
        reads.source(GetSourceRequest.newBuilder().setSource("none").build(), soon()).join();
    assertThat(none.getVersion()).isZero();
    assertThat(none.getLastPosition()).isZero();
    Error error = error(reads.source(GetSourceRequest.getDefaultInstance(), soon()));
    assertThat(error.getCode()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
    assertThat(error.getField()).isEqualTo("source");
  }

  private CompletableFuture<GetAppendResponse> lookUp(UUID uuid, long known) {
    return reads.append(GetAppendRequest.newBuilder().setAppendId(id(uuid, known)).build(), soon());
  }

  @Test
  void anAppendIdTellsWhatBecameOfIt() {
    UUID uuid = UUID.randomUUID();
    assertThat(lookUp(uuid, 0).join().hasAppended()).isFalse();
    land(append("a", "T").toBuilder().setAppendId(id(uuid, 0)).build());
    GetAppendResponse found = lookUp(uuid, 0).join();
    assertThat(found.getAppended().getFirstPosition()).isEqualTo(1);
    assertThat(found.getAppended().getReplayed()).isTrue();
    assertThat(found.getAppended().getVersions(0).getVersion()).isEqualTo(1);
    assertThat(found.getHead()).isEqualTo(1);
  }

  @Test
  void anAppendIdThatMayBeForgottenIsSaidToBe() {
    UUID uuid = UUID.randomUUID();
    land(append("a", "T").toBuilder().setAppendId(id(uuid, 0)).build());
    for (int i = 0; i < 10; i++) {
      land("b", "T");
    }
    // The window is 10, the head 11: position 1 is forgotten, and so would be whatever is as old.
    assertThat(error(lookUp(uuid, 0)).getCode()).isEqualTo(ErrorCode.ERROR_CODE_FATE_UNKNOWN);
    assertThat(lookUp(UUID.randomUUID(), 1).join().hasAppended()).isFalse();
    Error above = error(lookUp(uuid, 12));
    assertThat(above.getCode()).isEqualTo(ErrorCode.ERROR_CODE_OUT_OF_RANGE);
    assertThat(above.getField()).isEqualTo("append_id.known_position");
  }

  @Test
  void anAppendIdMustBeWhole() {
    assertThat(error(reads.append(GetAppendRequest.getDefaultInstance(), soon())).getField())
        .isEqualTo("append_id.id");
    GetAppendRequest.Builder unknown = GetAppendRequest.newBuilder();
    unknown.setAppendId(id(UUID.randomUUID(), 0).toBuilder().clearKnownPosition());
    assertThat(error(reads.append(unknown.build(), soon())).getField())
        .isEqualTo("append_id.known_position");
  }

  // ---- freshness

  @Test
  void withoutAMajorityOnlyLocalReadsAreAnswered() throws Exception {
    land("a", "T");
    raft.setMajority(false);
    Error error = error(reads.head(GetHeadRequest.getDefaultInstance(), inMillis(100)));
    assertThat(error.getCode()).isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
    assertThat(error.hasRetryAfter()).isTrue();
    assertThat(read(all().setConsistency(LOCAL))).containsExactly(1L);
    // One that comes back within the deadline is in time.
    CompletableFuture<?> patient = reads.head(GetHeadRequest.getDefaultInstance(), soon());
    assertThat(patient).isNotDone();
    raft.setMajority(true);
    patient.join();
  }

  @Test
  void aReadIndexThatIsNotConfirmedInTimeIsAnError() {
    raft.hold();
    Error error = error(reads.head(GetHeadRequest.getDefaultInstance(), inMillis(100)));
    assertThat(error.getCode()).isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
    raft.release();
  }

  @Test
  void aReadWaitsForThePositionItAsksFor() {
    GetHeadRequest request =
        GetHeadRequest.newBuilder().setConsistency(LOCAL.toBuilder().setAtLeast(2)).build();
    CompletableFuture<?> waiting = reads.head(request, soon());
    land("a", "T");
    assertThat(waiting).isNotDone();
    land("a", "T");
    assertThat(waiting.join()).isNotNull();
    GetHeadRequest beyond =
        GetHeadRequest.newBuilder().setConsistency(LOCAL.toBuilder().setAtLeast(9)).build();
    Error error = error(reads.head(beyond, inMillis(50)));
    assertThat(error.getCode()).isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
    assertThat(error.getMessage()).contains("9").contains("the head is 2");
  }

  // ---- finite reads

  @Test
  void theLogIsReadForwardAndBackward() throws Exception {
    assertThat(read(all())).isEmpty();
    land("a", "T", "T");
    land("b", "U", "T");
    assertThat(read(all())).containsExactly(1L, 2L, 3L, 4L);
    assertThat(read(all().setBackward(true))).containsExactly(4L, 3L, 2L, 1L);
    assertThat(read(all().setFromPosition(3))).containsExactly(3L, 4L);
    assertThat(read(all().setFromPosition(3).setBackward(true))).containsExactly(3L, 2L, 1L);
    assertThat(read(all().setFromPosition(0))).containsExactly(1L, 2L, 3L, 4L);
    assertThat(read(all().setFromPosition(0).setBackward(true))).isEmpty();
    assertThat(read(all().setFromPosition(9))).isEmpty();
    assertThat(read(all().setFromPosition(9).setBackward(true))).hasSize(4);
    assertThat(read(all().setLimit(2))).containsExactly(1L, 2L);
    assertThat(read(all().setLimit(4))).hasSize(4);
  }

  @Test
  void aSourceIsReadByVersionOrPosition() throws Exception {
    land("a", "T");
    land("b", "T");
    land("a", "T");
    land("b", "T");
    land("a", "T");
    ReadRequest.Builder a = all().setSource("a");
    assertThat(read(a)).containsExactly(1L, 3L, 5L);
    assertThat(read(a.clone().setBackward(true))).containsExactly(5L, 3L, 1L);
    assertThat(read(a.clone().setFromVersion(2))).containsExactly(3L, 5L);
    assertThat(read(a.clone().setFromVersion(2).setBackward(true))).containsExactly(3L, 1L);
    assertThat(read(a.clone().setFromVersion(0))).hasSize(3);
    assertThat(read(a.clone().setFromVersion(0).setBackward(true))).isEmpty();
    assertThat(read(a.clone().setFromVersion(9))).isEmpty();
    for (int position = 0; position <= 6; position++) {
      int from = position;
      assertThat(read(a.clone().setFromPosition(from)))
          .isEqualTo(List.of(1L, 3L, 5L).stream().filter(p -> p >= from).toList());
      assertThat(read(a.clone().setFromPosition(from).setBackward(true)))
          .isEqualTo(List.of(5L, 3L, 1L).stream().filter(p -> p <= from).toList());
    }
    assertThat(read(all().setSource("none"))).isEmpty();
    assertThat(read(all().setSource("none").setBackward(true).setFromPosition(3))).isEmpty();
  }

  @Test
  void aFilterIsReadFromAnywhere() throws Exception {
    land("a", "T", "U", "T", "U", "T");
    ReadRequest.Builder t = all().setFilter(ofType("T"));
    assertThat(read(t)).containsExactly(1L, 3L, 5L);
    assertThat(read(t.clone().setFromPosition(2))).containsExactly(3L, 5L);
    assertThat(read(t.clone().setFromPosition(4).setBackward(true))).containsExactly(3L, 1L);
    assertThat(read(t.clone().setLimit(1).setBackward(true))).containsExactly(5L);
  }

  @Test
  void aReadThatMakesNoSenseIsRefused() throws Exception {
    assertThat(readError(all().setFromVersion(1)).getField()).isEqualTo("from_version");
    assertThat(readError(all().setFromPosition(-1)).getMessage())
        .contains("18446744073709551615")
        .contains("9223372036854775807");
    assertThat(readError(all().setLimit(-1)).getField()).isEqualTo("limit");
    assertThat(readError(all().setSource("")).getField()).isEqualTo("source");
    assertThat(readError(all().setFilter(Filter.getDefaultInstance())).getCode())
        .isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
  }

  @Test
  void aReadSendsOnlyWhatItsCallerTakes() throws Exception {
    reopen(options -> options.withSizes(2, 100, 100));
    land("a", "T", "T", "T", "T", "T");
    PacedSink<ReadResponse> sink = PacedSink.paced();
    reads.read(all().build(), sink, soon());
    sink.take(1);
    assertThat(sink.next().getEventsCount()).isEqualTo(2);
    sink.take(1);
    assertThat(sink.next().getEventsCount()).isEqualTo(2);
    // What lands now is behind the head this read answers from.
    land("a", "T");
    assertThat(sink.isEnded()).isFalse();
    sink.take(5);
    ReadResponse last = sink.next();
    assertThat(last.getEventsCount()).isEqualTo(1);
    assertThat(last.getHead()).isEqualTo(5);
    sink.end();
    Conditions.await("its end", () -> reads.openStreams() == 0);
  }

  @Test
  void aReadWhoseCursorWasTakenAwayGoesOnWhereItWas() throws Exception {
    reopen(options -> options.withSizes(2, 100, 100));
    land("a", "T", "T", "T", "T", "T");
    PacedSink<ReadResponse> forward = PacedSink.paced();
    PacedSink<ReadResponse> backward = PacedSink.paced();
    reads.read(all().setSource("a").build(), forward, soon());
    reads.read(all().setSource("a").setBackward(true).build(), backward, soon());
    List<Long> ahead = new ArrayList<>();
    List<Long> back = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      forward.take(1);
      forward.next().getEventsList().forEach(event -> ahead.add(event.getPosition()));
      backward.take(1);
      backward.next().getEventsList().forEach(event -> back.add(event.getPosition()));
      reads.restIdleStreams(0);
      Conditions.await("the cursors' end", () -> reads.openCursors() == 0);
      // What lands now is no part of either.
      land("a", "T");
    }
    assertThat(ahead).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(back).containsExactly(5L, 4L, 3L, 2L, 1L);
    assertThat(forward.end()).isEqualTo(Error.getDefaultInstance());
    assertThat(backward.end()).isEqualTo(Error.getDefaultInstance());
  }

  @Test
  void aSubscriptionWhoseCursorWasTakenAwayGoesOnWhereItWas() throws Exception {
    reopen(options -> options.withSizes(2, 2, 100));
    land("a", "T", "T", "T", "T", "T");
    PacedSink<SubscribeResponse> sink = PacedSink.paced();
    reads.subscribe(SubscribeRequest.newBuilder().setSource("a").build(), sink, soon());
    List<Long> positions = new ArrayList<>();
    while (positions.size() < 5) {
      sink.take(1);
      positions.addAll(positions(sink.next()));
      reads.restIdleStreams(0);
      Conditions.await("the cursor's end", () -> reads.openCursors() == 0);
    }
    assertThat(positions).containsExactly(1L, 2L, 3L, 4L, 5L);
  }

  @Test
  void streamsAreBoundedAndACancelledOneIsForgotten() throws Exception {
    reopen(options -> options.withMaxStreams(1));
    PacedSink<ReadResponse> first = PacedSink.paced();
    reads.read(all().build(), first, soon());
    Error refused = readError(all());
    assertThat(refused.getCode()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
    assertThat(refused.hasRetryAfter()).isTrue();
    first.cancel();
    Conditions.await("its end", () -> reads.openStreams() == 0);
    assertThat(read(all())).isEmpty();
    assertThat(first.isEnded()).isFalse();
  }

  @Test
  void aStreamThatEndsBeforeItBeginsIsNoFault() {
    Logger faults = (Logger) LoggerFactory.getLogger(Errors.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    faults.addAppender(logged);
    try {
      PacedSink<ReadResponse> waiting = PacedSink.paced();
      reads.read(all().setConsistency(LOCAL.toBuilder().setAtLeast(9)).build(), waiting, soon());
      waiting.cancel();
      Conditions.await("its end", () -> reads.openStreams() == 0);
      reads.close(); // So that all is said.
    } finally {
      faults.detachAppender(logged);
    }
    assertThat(logged.list).isEmpty();
  }

  // ---- subscriptions

  @Test
  void aSubscriptionCatchesUpSaysSoAndFollows() throws Exception {
    land("a", "T", "T");
    PacedSink<SubscribeResponse> sink = subscribe(SubscribeRequest.newBuilder());
    assertThat(positions(sink.next())).containsExactly(1L, 2L);
    assertThat(sink.next().getCaughtUp().getPosition()).isEqualTo(2);
    land("a", "T");
    SubscribeResponse followed = sink.next();
    assertThat(positions(followed)).containsExactly(3L);
    assertThat(followed.getLogIdentity()).isEqualTo(LocalReplicator.LOG_IDENTITY);
    land(Append.newBuilder().addEvents(event("a", "T")).addEvents(event("b", "T")).build());
    assertThat(positions(sink.next())).containsExactly(4L, 5L);
    sink.cancel();
    Conditions.await("its end", () -> reads.openStreams() == 0);
  }

  @Test
  void anEmptyLogIsCaughtUpWithAtOnce() throws Exception {
    PacedSink<SubscribeResponse> sink = subscribe(SubscribeRequest.newBuilder());
    assertThat(sink.next().getCaughtUp().getPosition()).isZero();
    land("a", "T");
    assertThat(positions(sink.next())).containsExactly(1L);
  }

  @Test
  void aSubscriptionStartsWhereItIsTold() throws Exception {
    land("a", "T");
    land("b", "T");
    land("a", "T", "T");
    assertThat(positions(subscribe(SubscribeRequest.newBuilder().setAfterPosition(2)).next()))
        .containsExactly(3L, 4L);
    assertThat(
            subscribe(SubscribeRequest.newBuilder().setAfterPosition(4))
                .next()
                .getCaughtUp()
                .getPosition())
        .isEqualTo(4);
    assertThat(
            positions(
                subscribe(SubscribeRequest.newBuilder().setSource("a").setAfterVersion(1)).next()))
        .containsExactly(3L, 4L);
    assertThat(
            positions(
                subscribe(SubscribeRequest.newBuilder().setSource("a").setAfterVersion(0)).next()))
        .containsExactly(1L, 3L, 4L);
    assertThat(
            positions(
                subscribe(SubscribeRequest.newBuilder().setSource("a").setAfterPosition(1)).next()))
        .containsExactly(3L, 4L);
    PacedSink<SubscribeResponse> fromNow =
        subscribe(SubscribeRequest.newBuilder().setAfterHead(true));
    assertThat(fromNow.next().getCaughtUp().getPosition()).isEqualTo(4);
    land("a", "T");
    assertThat(positions(fromNow.next())).containsExactly(5L);
  }

  @Test
  void aStartThatIsNotThereYetIsLookedForBeforeItIsRefused() throws Exception {
    raft.hold();
    CompletableFuture<?> landing = raft.replicate(TestCluster.command(append("a", "T")));
    // Acknowledged by the leader, as it were, and not applied here yet.
    PacedSink<SubscribeResponse> sink =
        subscribe(SubscribeRequest.newBuilder().setAfterPosition(1));
    PacedSink<SubscribeResponse> beyond =
        subscribe(SubscribeRequest.newBuilder().setAfterPosition(2));
    assertThat(beyond.isEnded()).isFalse();
    raft.release();
    landing.join();
    assertThat(sink.next().getCaughtUp().getPosition()).isEqualTo(1);
    Error error = beyond.end();
    assertThat(error.getCode()).isEqualTo(ErrorCode.ERROR_CODE_OUT_OF_RANGE);
    assertThat(error.getField()).isEqualTo("after_position");
    Error version =
        subscribe(SubscribeRequest.newBuilder().setSource("a").setAfterVersion(2)).end();
    assertThat(version.getField()).isEqualTo("after_version");
    assertThat(subscribe(SubscribeRequest.newBuilder().setAfterVersion(1)).end().getCode())
        .isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
    assertThat(subscribe(SubscribeRequest.newBuilder().setAfterHead(false)).end().getField())
        .isEqualTo("after_head");
  }

  @Test
  void aFilterThatSkipsALongStretchSaysHowFarItIs() throws Exception {
    // Only for how much it skips: never for how long.
    reopen(options -> options.withSizes(256, 4_096, 5).withCheckpointInterval(Duration.ofHours(1)));
    land("a", "T", "U", "U", "U", "U", "U", "U");
    PacedSink<SubscribeResponse> sink =
        subscribe(SubscribeRequest.newBuilder().setFilter(ofType("T")));
    assertThat(positions(sink.next())).containsExactly(1L);
    assertThat(sink.next().getCaughtUp().getPosition()).isEqualTo(7);
    land("a", "U", "U", "U", "U");
    land("a", "U");
    assertThat(sink.next().getCheckpoint().getPosition()).isEqualTo(12);
    land("a", "U", "T");
    assertThat(positions(sink.next())).containsExactly(14L);
  }

  @Test
  void aReaderThatFellBehindCatchesUpWithoutAGapAndIsToldSo() throws Exception {
    reopen(options -> options.withSizes(3, 4, 100));
    PacedSink<SubscribeResponse> sink = PacedSink.paced();
    reads.subscribe(SubscribeRequest.getDefaultInstance(), sink, soon());
    sink.take(1);
    assertThat(sink.next().getCaughtUp().getPosition()).isZero();
    for (int i = 0; i < 20; i++) {
      land("a", "T");
    }
    List<Long> positions = new ArrayList<>();
    boolean caughtUp = false;
    while (!caughtUp) {
      sink.take(1);
      SubscribeResponse response = sink.next();
      positions.addAll(positions(response));
      caughtUp = response.hasCaughtUp();
    }
    assertThat(positions).hasSize(20).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void whateverTheirPaceSubscriptionsGetEveryEventOnce() throws Exception {
    reopen(options -> options.withSizes(4, 16, 50));
    Random random = new Random(7);
    List<PacedSink<SubscribeResponse>> sinks = new ArrayList<>();
    List<SubscribeRequest> requests =
        List.of(
            SubscribeRequest.getDefaultInstance(),
            SubscribeRequest.newBuilder().setSource("s1").build(),
            SubscribeRequest.newBuilder().setFilter(ofType("T3")).build());
    for (SubscribeRequest request : requests) {
      for (int i = 0; i < 3; i++) {
        PacedSink<SubscribeResponse> sink = PacedSink.paced();
        reads.subscribe(request, sink, soon());
        sinks.add(sink);
      }
    }
    int events = 2_000;
    Thread writer =
        new Thread(
            () -> {
              for (int i = 0; i < events; i++) {
                land("s" + i % 5, "T" + i % 10);
              }
            });
    writer.start();
    List<List<Long>> seen = new ArrayList<>();
    sinks.forEach(sink -> seen.add(new ArrayList<>()));
    boolean done = false;
    while (!done) {
      int i = random.nextInt(sinks.size());
      sinks.get(i).take(1 + random.nextInt(3));
      done = true;
      for (int s = 0; s < sinks.size(); s++) {
        while (sinks.get(s).waiting() > 0) {
          seen.get(s).addAll(positions(sinks.get(s).next()));
        }
        int expected = s < 3 ? events : s < 6 ? events / 5 : events / 10;
        done &= seen.get(s).size() >= expected;
      }
    }
    writer.join();
    for (int s = 0; s < sinks.size(); s++) {
      List<Long> expected = new ArrayList<>();
      for (long i = 0; i < events; i++) {
        if (s < 3 || (s < 6 && i % 5 == 1) || (s >= 6 && i % 10 == 3)) {
          expected.add(i + 1);
        }
      }
      assertThat(seen.get(s)).isEqualTo(expected);
    }
  }

  @Test
  void whenTheNodeStopsItsStreamsAreTold() throws Exception {
    PacedSink<SubscribeResponse> sink = subscribe(SubscribeRequest.newBuilder());
    sink.next();
    PacedSink<SubscribeResponse> slow = PacedSink.paced();
    reads.subscribe(SubscribeRequest.getDefaultInstance(), slow, soon());
    reads.close();
    assertThat(sink.end().getCode()).isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
    assertThat(slow.end().getCode()).isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
    assertThat(readError(all()).getCode()).isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
  }

  /** It is told to end while a worker is at it, which then can ask no worker to end it. */
  @Test
  void aStreamThatAWorkerIsAtWhenTheNodeStopsIsToldToo() throws Exception {
    CountDownLatch atIt = new CountDownLatch(1);
    CompletableFuture<Void> goOn = new CompletableFuture<>();
    PacedSink<SubscribeResponse> sink = PacedSink.paced();
    sink.whenAskedWhetherReady(
        () -> {
          atIt.countDown();
          goOn.join();
        });
    reads.subscribe(SubscribeRequest.getDefaultInstance(), sink, soon());
    atIt.await();

    Thread closer = new Thread(reads::close);
    closer.start();
    while (closer.isAlive() && closer.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait(); // until the workers take nothing more and are waited for
    }
    assertThat(sink.isEnded()).isFalse();
    goOn.complete(null);

    assertThat(sink.end().getCode()).isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
    closer.join();
  }

  /** All workers are stuck: what waits for one is done by the thread that stops the node. */
  @Test
  void aStreamThatNoWorkerCameToWhenTheNodeStopsIsToldToo() throws Exception {
    reopen(options -> options.withWorkers(1));
    CountDownLatch atIt = new CountDownLatch(1);
    CompletableFuture<Void> goOn = new CompletableFuture<>();
    PacedSink<SubscribeResponse> stuck = PacedSink.paced();
    stuck.whenAskedWhetherReady(
        () -> {
          atIt.countDown();
          goOn.join();
        });
    reads.subscribe(SubscribeRequest.getDefaultInstance(), stuck, soon());
    atIt.await();
    PacedSink<SubscribeResponse> waiting = PacedSink.paced();
    reads.subscribe(SubscribeRequest.getDefaultInstance(), waiting, soon());

    reads.close();

    assertThat(waiting.end().getCode()).isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
    assertThat(stuck.isEnded()).isFalse();
    goOn.complete(null);
    assertThat(stuck.end().getCode()).isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
  }
}
