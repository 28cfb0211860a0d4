package io.varve.node.api;

import static io.varve.node.Requests.append;
import static io.varve.node.Requests.error;
import static io.varve.node.Requests.errorOf;
import static io.varve.node.Requests.event;
import static io.varve.node.Requests.id;
import static io.varve.node.Requests.ofType;
import static io.varve.node.Requests.request;
import static io.varve.node.Requests.scope;
import static io.varve.node.Requests.streamed;
import static io.varve.node.Requests.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.varve.node.LocalNode;
import io.varve.node.LocalReplicator;
import io.varve.node.LocalReplicator.Fate;
import io.varve.node.Stream;
import io.varve.node.cluster.Conditions;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.Origin;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AppendApiTest {

  @TempDir private Path directory;
  private LocalNode node;

  @BeforeEach
  void start() {
    node = new LocalNode(directory.resolve("n1"));
  }

  @AfterEach
  void stop() {
    node.close();
  }

  private AppendResponse append1(Append append) {
    return node.stub().append(request(append));
  }

  private Error refused(Append append) {
    return errorOf(() -> append1(append));
  }

  private final class Appends {
    final Stream<AppendStreamRequest, AppendStreamResponse> answers = new Stream<>();
    final StreamObserver<AppendStreamRequest> requests = node.async().appendStream(answers);

    void send(Append append) {
      requests.onNext(streamed(append));
    }

    void send(Append append, int timeoutMillis) {
      requests.onNext(streamed(append).toBuilder().setTimeoutMillis(timeoutMillis).build());
    }
  }

  @Test
  void anAppendIsAnsweredWithItsPlace() {
    AppendResponse first = append1(append("a", "Created"));
    assertThat(first.getLogIdentity()).isEqualTo(LocalReplicator.LOG_IDENTITY);
    assertThat(first.getAppended().getFirstPosition()).isEqualTo(1);
    assertThat(first.getAppended().getRecorded().getSeconds()).isPositive();
    AppendResponse second =
        append1(
            Append.newBuilder()
                .addEvents(event("a", "Changed"))
                .addEvents(event("b", "Created"))
                .build());
    assertThat(second.getAppended().getFirstPosition()).isEqualTo(2);
    assertThat(second.getAppended().getLastPosition()).isEqualTo(3);
    assertThat(second.getAppended().getVersionsList())
        .extracting(v -> v.getSource() + v.getVersion())
        .containsExactly("a2", "b1");
    assertThat(second.getAppended().getReplayed()).isFalse();
  }

  @Test
  void aConflictIsAnAnswerThatNamesEveryConditionThatFailed() {
    append1(append("a", "Created"));
    AppendResponse response =
        append1(
            append("b", "Created").toBuilder()
                .addConditions(version("a", 1))
                .addConditions(version("a", 7))
                .addConditions(scope(ofType("Created"), 0))
                .build());
    assertThat(response.getConflict().getFailedList())
        .extracting(failed -> failed.getIndex())
        .containsExactly(1, 2);
    assertThat(response.getConflict().getFailed(0).getFoundVersion()).isEqualTo(1);
    assertThat(response.getConflict().getFailed(0).getExpected()).isEqualTo(version("a", 7));
    assertThat(response.getConflict().getFailed(1).getNewest().getPosition()).isEqualTo(1);
    assertThat(response.getConflict().getFailed(1).getNewest().getType()).isEqualTo("Created");
  }

  @Test
  void aRepeatedAppendIdIsAnsweredWithTheOriginal() {
    UUID uuid = UUID.randomUUID();
    Append append = append("a", "Created").toBuilder().setAppendId(id(uuid, 0)).build();
    AppendResponse first = append1(append);
    AppendResponse again = append1(append);
    assertThat(again.getAppended())
        .isEqualTo(first.getAppended().toBuilder().setReplayed(true).build());
    Error reused = refused(append("b", "Other").toBuilder().setAppendId(id(uuid, 0)).build());
    assertThat(reused.getCode()).isEqualTo(ErrorCode.ERROR_CODE_APPEND_ID_REUSED);
  }

  @Test
  void everyRefusalHasItsStatusAndNamesTheField() {
    Error unset = refused(Append.getDefaultInstance());
    assertThat(unset.getCode()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
    Error noSource = refused(append("", "T"));
    assertThat(noSource.getField()).isEqualTo("append.events[0].source");
    Error range =
        refused(append("a", "T").toBuilder().addConditions(scope(ofType("T"), 99)).build());
    assertThat(range.getCode()).isEqualTo(ErrorCode.ERROR_CODE_OUT_OF_RANGE);
    Error fate =
        refused(append("a", "T").toBuilder().setAppendId(id(UUID.randomUUID(), 99)).build());
    assertThat(fate.getCode()).isEqualTo(ErrorCode.ERROR_CODE_OUT_OF_RANGE);
    Error origin =
        refused(append("a", "T").toBuilder().setOrigin(Origin.getDefaultInstance()).build());
    assertThat(origin.getCode()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
    Error log =
        errorOf(
            () -> node.stub().append(request(append("a", "T")).toBuilder().setLog("x").build()));
    assertThat(log.getCode()).isEqualTo(ErrorCode.ERROR_CODE_LOG_NOT_FOUND);
    Error identity =
        errorOf(
            () ->
                node.stub()
                    .append(
                        request(append("a", "T")).toBuilder()
                            .setLogIdentity(ByteString.copyFromUtf8("another-identity"))
                            .build()));
    assertThat(identity.getCode()).isEqualTo(ErrorCode.ERROR_CODE_LOG_IDENTITY_MISMATCH);
    AppendRequest named =
        request(append("a", "T")).toBuilder()
            .setLog("default")
            .setLogIdentity(LocalReplicator.LOG_IDENTITY)
            .build();
    assertThat(node.stub().append(named).hasAppended()).isTrue();
  }

  @Test
  void anAppendOverALimitIsRefusedPreciselyAndALargerMessageByTheTransport() {
    Append large =
        Append.newBuilder()
            .addEvents(
                event("a", "T").toBuilder().setData(ByteString.copyFrom(new byte[(1 << 20) + 1])))
            .build();
    Error payload = refused(large);
    assertThat(payload.getField()).isEqualTo("append.events[0].data");
    assertThat(payload.getMessage()).contains("1048576").contains("1048577");
    Append huge =
        Append.newBuilder()
            .addEvents(event("a", "T").toBuilder().setData(ByteString.copyFrom(new byte[5 << 20])))
            .build();
    assertThat(refused(huge).getMessage()).contains("4194304");
    Append absurd =
        Append.newBuilder()
            .addEvents(event("a", "T").toBuilder().setData(ByteString.copyFrom(new byte[17 << 20])))
            .build();
    assertThatThrownBy(() -> append1(absurd))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
              assertThat(e.getStatus().getDescription()).contains("16777216");
            });
  }

  @Test
  void aStreamAnswersInOrderWhateverTheAnswers() throws Exception {
    Appends appends = new Appends();
    appends.send(append("a", "T"));
    appends.send(append("", "T"));
    appends.send(append("a", "T").toBuilder().addConditions(version("a", 9)).build());
    appends.send(append("a", "T"));
    appends.requests.onCompleted();
    assertThat(appends.answers.next().getAppended().getFirstPosition()).isEqualTo(1);
    assertThat(appends.answers.next().getError().getField()).isEqualTo("append.events[0].source");
    assertThat(appends.answers.next().hasConflict()).isTrue();
    assertThat(appends.answers.next().getAppended().getFirstPosition()).isEqualTo(2);
    assertThat(appends.answers.end()).isEqualTo(Status.OK);
  }

  @Test
  void thousandsOfAppendsOnAStreamLandInOrder() throws Exception {
    Appends appends = new Appends();
    for (int i = 0; i < 5_000; i++) {
      appends.send(append("s" + i % 7, "T" + i));
    }
    appends.requests.onCompleted();
    for (int i = 1; i <= 5_000; i++) {
      assertThat(appends.answers.next().getAppended().getFirstPosition()).isEqualTo(i);
    }
    assertThat(appends.answers.end()).isEqualTo(Status.OK);
    assertThat(node.router.held()).isZero();
  }

  @Test
  void aStreamIsSlowedWhenTooManyOfItsAppendsWait() throws Exception {
    node.raft.hold();
    Appends appends = new Appends();
    for (int i = 0; i < 5_000; i++) {
      appends.send(append("a", "T"));
    }
    Conditions.await("the stream's bound", () -> node.router.held() >= 1_024);
    // What was not asked for stays with the sender.
    TimeUnit.MILLISECONDS.sleep(100);
    assertThat(node.router.held()).isLessThanOrEqualTo(1_024 + 128);
    node.raft.release();
    for (int i = 1; i <= 5_000; i++) {
      assertThat(appends.answers.next().getAppended().getFirstPosition()).isEqualTo(i);
    }
  }

  @Test
  void anUnknownOutcomeEndsTheStreamAndWhatIsBehindItIsNotAppended() throws Exception {
    node.raft.hold();
    node.raft.nextFates(Fate.LOST);
    Appends appends = new Appends();
    appends.send(append("a", "Lost"));
    Conditions.await("the hand-over", () -> node.raft.handedOver() == 1);
    // Fill the pipe from elsewhere, so that what this stream sends next stays queued.
    Appends others = new Appends();
    for (int i = 0; i < 2; i++) {
      int entries = i + 2;
      others.send(append("other", "T"));
      Conditions.await("the hand-over", () -> node.raft.handedOver() == entries);
    }
    appends.send(append("a", "Behind"));
    appends.send(append("a", "Behind"));
    Conditions.await("the queue", () -> node.pipeline.queued() == 2);
    node.raft.release();
    assertThat(appends.answers.next().getError().getCode())
        .isEqualTo(ErrorCode.ERROR_CODE_OUTCOME_UNKNOWN);
    for (int i = 0; i < 2; i++) {
      assertThat(appends.answers.next().getError().getCode())
          .isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
    }
    assertThat(appends.answers.end()).isEqualTo(Status.OK);
    assertThat(others.answers.next().hasAppended()).isTrue();
    assertThat(others.answers.next().hasAppended()).isTrue();
    assertThat(node.raft.reader().version("a")).isZero();
    assertThat(node.raft.reader().version("other")).isEqualTo(2);
  }

  @Test
  void aUnaryAppendWithALostAnswerSaysSoAndItsIdTellsTheTruth() {
    Append append = append("a", "T").toBuilder().setAppendId(id(UUID.randomUUID(), 0)).build();
    node.raft.nextFates(Fate.APPLIED_UNANSWERED);
    assertThatThrownBy(() -> append1(append))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNKNOWN));
    AppendResponse again = append1(append);
    assertThat(again.getAppended().getReplayed()).isTrue();
    assertThat(again.getAppended().getFirstPosition()).isEqualTo(1);
  }

  @Test
  void aRefusedEntryIsTriedAgainInOrderWithinTheDeadline() throws Exception {
    // As many as can be in flight: one that landed would keep those before it from being tried
    // again.
    node.raft.hold();
    node.raft.nextFates(Fate.REFUSED, Fate.REFUSED, Fate.REFUSED);
    Appends appends = new Appends();
    for (int i = 0; i < 100; i++) {
      appends.send(append("a", "T"));
      if (i < 3) {
        int entries = i + 1;
        Conditions.await("an entry of its own", () -> node.raft.handedOver() == entries);
      }
    }
    Conditions.await("the others in the queue", () -> node.pipeline.queued() == 97);
    node.raft.release();
    for (int i = 1; i <= 100; i++) {
      assertThat(appends.answers.next().getAppended().getFirstPosition()).isEqualTo(i);
    }
  }

  @Test
  void withoutALeaderCallersWaitAndAreThenToldThatNothingWasAppended() throws Exception {
    node.raft.setLeader(Optional.empty());
    assertThatThrownBy(
            () ->
                // No deadline of its own, before which it would have to hear of the node's.
                LogServiceGrpc.newBlockingStub(node.channel()).append(request(append("a", "T"))))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
              assertThat(error(e).hasRetryAfter()).isTrue();
            });
    Appends appends = new Appends();
    appends.send(append("a", "T"), 100);
    appends.send(append("a", "Patient"), 30_000);
    assertThat(appends.answers.next().getError().getCode())
        .isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
    node.raft.setLeader(Optional.of("n1"));
    assertThat(appends.answers.next().getAppended().getFirstPosition()).isEqualTo(1);
  }

  @Test
  void aQueuedAppendThatExpiresWasCertainlyNotAppended() throws Exception {
    node.raft.hold();
    Appends appends = new Appends();
    for (int i = 1; i <= 3; i++) {
      int entries = i;
      appends.send(append("other", "T"));
      Conditions.await("the hand-over", () -> node.raft.handedOver() == entries);
    }
    Appends expiring = new Appends();
    expiring.send(append("a", "T"), 50);
    assertThat(expiring.answers.next().getError().getCode())
        .isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
    node.raft.release();
    assertThat(appends.answers.next().hasAppended()).isTrue();
    expiring.send(append("a", "T"));
    assertThat(expiring.answers.next().getAppended().getVersions(0).getVersion()).isEqualTo(1);
  }

  @Test
  void anAppendInFlightThatExpiresIsUnknown() throws Exception {
    node.raft.hold();
    Appends appends = new Appends();
    // Enough for it to be handed over before.
    appends.send(append("a", "T"), 2_000);
    assertThat(appends.answers.next().getError().getCode())
        .isEqualTo(ErrorCode.ERROR_CODE_OUTCOME_UNKNOWN);
    assertThat(appends.answers.end()).isEqualTo(Status.OK);
    node.raft.release();
  }

  @Test
  void pastTheBoundsCallersAreToldToBackOff() throws Exception {
    node.close();
    node =
        new LocalNode(
            directory.resolve("bounded"),
            bounds ->
                new LocalNode.Bounds(
                    bounds.pipeline().withQueue(3, 1 << 20).withMaxInFlight(1),
                    bounds.routing(),
                    bounds.reads(),
                    bounds.api(),
                    bounds.limits(),
                    bounds.dedupWindow()));
    node.raft.hold();
    Appends appends = new Appends();
    appends.send(append("a", "T"));
    Conditions.await("the hand-over", () -> node.raft.handedOver() == 1);
    for (int i = 0; i < 3; i++) {
      appends.send(append("a", "T"));
    }
    Conditions.await("the queue", () -> node.pipeline.queued() == 3);
    Appends others = new Appends();
    others.send(append("a", "T"));
    Error error = others.answers.next().getError();
    assertThat(error.getCode()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
    assertThat(error.hasRetryAfter()).isTrue();
    node.raft.release();
    for (int i = 0; i < 4; i++) {
      assertThat(appends.answers.next().hasAppended()).isTrue();
    }
  }

  @Test
  void aCancelledStreamTakesBackWhatIsQueued() throws Exception {
    node.raft.hold();
    Appends others = new Appends();
    for (int i = 1; i <= 3; i++) {
      int entries = i;
      others.send(append("other", "T"));
      Conditions.await("the hand-over", () -> node.raft.handedOver() == entries);
    }
    Appends appends = new Appends();
    appends.send(append("a", "T"));
    Conditions.await("the queue", () -> node.pipeline.queued() == 1);
    appends.answers.cancel();
    Conditions.await("the withdrawal", () -> node.router.held() == 3);
    node.raft.release();
    for (int i = 0; i < 3; i++) {
      assertThat(others.answers.next().hasAppended()).isTrue();
    }
    assertThat(append1(append("b", "T")).getAppended().getFirstPosition()).isEqualTo(4);
    assertThat(node.raft.reader().version("a")).isZero();
  }

  @Test
  void whileTheLeaderIsNotReachedCallersWaitAndAreThenToldThatNothingWasAppended()
      throws Exception {
    node.raft.setLeader(Optional.of("n2"));
    node.others.put("n2", "127.0.0.1:1");
    Appends appends = new Appends();
    appends.send(append("a", "T"), 2_000);
    assertThat(appends.answers.next().getError().getCode())
        .isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
  }

  @Test
  void aForwardedAppendIsNotForwardedAgain() throws Exception {
    node.raft.setLeader(Optional.of("n2"));
    node.others.put("n2", "127.0.0.1:1");
    Stream<AppendStreamRequest, AppendStreamResponse> answers = new Stream<>();
    StreamObserver<AppendStreamRequest> requests =
        node.async()
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(LocalNode.forwarded()))
            .appendStream(answers);
    requests.onNext(streamed(append("a", "T")));
    Error error = answers.next().getError();
    assertThat(error.getCode()).isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
    assertThat(error.getMessage()).contains("does not lead");
    requests.onCompleted();
    assertThat(answers.end()).isEqualTo(Status.OK);
  }

  @Test
  void stoppingEndsStreamsAfterTheirAnswers() throws Exception {
    Appends appends = new Appends();
    List<Long> positions = new ArrayList<>();
    appends.send(append("a", "T"));
    positions.add(appends.answers.next().getAppended().getFirstPosition());
    node.pipeline.close();
    appends.send(append("a", "T"));
    assertThat(appends.answers.next().getError().getCode())
        .isEqualTo(ErrorCode.ERROR_CODE_UNAVAILABLE);
    node.router.stop();
    assertThat(appends.answers.end()).isEqualTo(Status.OK);
    assertThat(positions).containsExactly(1L);
  }
}
