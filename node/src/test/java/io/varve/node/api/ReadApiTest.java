package io.varve.node.api;

import static io.varve.node.Requests.append;
import static io.varve.node.Requests.error;
import static io.varve.node.Requests.errorOf;
import static io.varve.node.Requests.event;
import static io.varve.node.Requests.id;
import static io.varve.node.Requests.request;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.varve.node.LocalNode;
import io.varve.node.Stream;
import io.varve.node.cluster.Conditions;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.ClusterServiceGrpc;
import io.varve.proto.v1.DescribeRequest;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.GetAppendRequest;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetHeadResponse;
import io.varve.proto.v1.GetSourceRequest;
import io.varve.proto.v1.ReadConsistency;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.ReadResponse;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.proto.v1.SubscribeResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** That every call of the log but appends arrives where it should, over gRPC. */
@Timeout(60)
class ReadApiTest {

  @TempDir private Path directory;
  private LocalNode node;

  @BeforeEach
  void start() {
    node = new LocalNode(directory);
  }

  @AfterEach
  void stop() {
    node.close();
  }

  private void land(Append append) {
    assertThat(node.stub().append(request(append)).hasAppended()).isTrue();
  }

  @Test
  void pointReadsAreAnswered() {
    UUID uuid = UUID.randomUUID();
    land(append("a", "T").toBuilder().setAppendId(id(uuid, 0)).build());
    assertThat(node.stub().getHead(GetHeadRequest.getDefaultInstance()).getHead()).isEqualTo(1);
    assertThat(
            node.stub()
                .getSource(GetSourceRequest.newBuilder().setSource("a").build())
                .getVersion())
        .isEqualTo(1);
    assertThat(
            node.stub()
                .getAppend(GetAppendRequest.newBuilder().setAppendId(id(uuid, 0)).build())
                .getAppended()
                .getFirstPosition())
        .isEqualTo(1);
  }

  @Test
  void eventsAreReadAsTheyWereHandedIn() {
    land(
        Append.newBuilder()
            .addEvents(
                event("a", "T").toBuilder()
                    .setSourceType("Account")
                    .setStreamType("Payments")
                    .setStreamId("2026-11")
                    .addTags("x")
                    .addTags("b")
                    .setKey("k")
                    .setTombstone(true)
                    .setContentType("text/plain")
                    .setMetadata(ByteString.copyFromUtf8("{}"))
                    .setId("my-id"))
            .build());
    List<RecordedEvent> events = new ArrayList<>();
    node.stub()
        .read(ReadRequest.getDefaultInstance())
        .forEachRemaining(response -> events.addAll(response.getEventsList()));
    RecordedEvent event = events.get(0);
    assertThat(event.getRecorded().getSeconds()).isPositive();
    assertThat(event.toBuilder().clearRecorded().build())
        .isEqualTo(
            RecordedEvent.newBuilder()
                .setPosition(1)
                .setSource("a")
                .setVersion(1)
                .setType("T")
                .setSourceType("Account")
                .setStreamType("Payments")
                .setStreamId("2026-11")
                .addTags("x")
                .addTags("b")
                .setKey("k")
                .setTombstone(true)
                .setData(ByteString.copyFromUtf8("{}"))
                .setContentType("text/plain")
                .setMetadata(ByteString.copyFromUtf8("{}"))
                .setId("my-id")
                .build());
  }

  @Test
  void everyReadChecksLogAndIdentity() {
    ByteString other = ByteString.copyFromUtf8("another-identity");
    List<Runnable> otherLog =
        List.of(
            () -> node.stub().getHead(GetHeadRequest.newBuilder().setLog("x").build()),
            () -> node.stub().getSource(GetSourceRequest.newBuilder().setLog("x").build()),
            () -> node.stub().getAppend(GetAppendRequest.newBuilder().setLog("x").build()),
            () -> node.stub().read(ReadRequest.newBuilder().setLog("x").build()).next(),
            () -> node.stub().subscribe(SubscribeRequest.newBuilder().setLog("x").build()).next());
    List<Runnable> otherIdentity =
        List.of(
            () -> node.stub().getHead(GetHeadRequest.newBuilder().setLogIdentity(other).build()),
            () ->
                node.stub().getSource(GetSourceRequest.newBuilder().setLogIdentity(other).build()),
            () ->
                node.stub().getAppend(GetAppendRequest.newBuilder().setLogIdentity(other).build()),
            () -> node.stub().read(ReadRequest.newBuilder().setLogIdentity(other).build()).next(),
            () ->
                node.stub()
                    .subscribe(SubscribeRequest.newBuilder().setLogIdentity(other).build())
                    .next());
    otherLog.forEach(
        call -> assertThat(errorOf(call).getCode()).isEqualTo(ErrorCode.ERROR_CODE_LOG_NOT_FOUND));
    otherIdentity.forEach(
        call ->
            assertThat(errorOf(call).getCode())
                .isEqualTo(ErrorCode.ERROR_CODE_LOG_IDENTITY_MISMATCH));
  }

  @Test
  void errorsComeAsStatusesWithDetails() {
    List<StatusRuntimeException> failures = new ArrayList<>();
    for (Runnable call :
        List.<Runnable>of(
            () -> node.stub().getSource(GetSourceRequest.getDefaultInstance()),
            () ->
                node.stub()
                    .getAppend(
                        GetAppendRequest.newBuilder()
                            .setAppendId(id(UUID.randomUUID(), 5))
                            .build()),
            () -> node.stub().read(ReadRequest.newBuilder().setFromVersion(1).build()).next(),
            () ->
                node.stub()
                    .subscribe(SubscribeRequest.newBuilder().setAfterPosition(5).build())
                    .next())) {
      try {
        call.run();
      } catch (StatusRuntimeException e) {
        failures.add(e);
      }
    }
    assertThat(failures)
        .extracting(e -> e.getStatus().getCode())
        .containsExactly(
            Status.Code.INVALID_ARGUMENT,
            Status.Code.OUT_OF_RANGE,
            Status.Code.INVALID_ARGUMENT,
            Status.Code.OUT_OF_RANGE);
    assertThat(failures)
        .extracting(e -> error(e).getField())
        .containsExactly("source", "append_id.known_position", "from_version", "after_position");
  }

  @Test
  void aSlowReaderIsSlowedAndNothingIsBufferedForIt() throws Exception {
    ByteString large = ByteString.copyFrom(new byte[512 << 10]);
    for (int i = 0; i < 40; i++) {
      land(Append.newBuilder().addEvents(event("a", "T").toBuilder().setData(large)).build());
    }
    Stream<ReadRequest, ReadResponse> slow = new Stream<>(true);
    node.async().read(ReadRequest.getDefaultInstance(), slow);
    slow.request(1);
    assertThat(slow.next().getEventsCount()).isPositive();
    // 20 MiB do not fit into what lies between: the read is still going on.
    Conditions.await("the read", () -> node.reads.openStreams() == 1);
    int events = 1;
    for (int i = 1; i < 40; i++) {
      slow.request(1);
      events += slow.next().getEventsCount();
    }
    assertThat(events).isEqualTo(40);
    slow.request(1);
    assertThat(slow.end()).isEqualTo(Status.OK);
    Conditions.await("its end", () -> node.reads.openStreams() == 0);
  }

  @Test
  void aSubscriptionEndsWithItsCaller() throws Exception {
    Stream<SubscribeRequest, SubscribeResponse> subscription = new Stream<>();
    node.async().subscribe(SubscribeRequest.getDefaultInstance(), subscription);
    assertThat(subscription.next().hasCaughtUp()).isTrue();
    land(append("a", "T"));
    assertThat(subscription.next().getBatch().getEvents(0).getPosition()).isEqualTo(1);
    assertThat(node.reads.openStreams()).isEqualTo(1);
    subscription.cancel();
    Conditions.await("its end", () -> node.reads.openStreams() == 0);
  }

  @Test
  void pastTheBoundsOfReadingCallersAreToldWhenToComeBack() throws Exception {
    try (LocalNode small =
        new LocalNode(
            directory.resolve("small"),
            bounds ->
                new LocalNode.Bounds(
                    bounds.pipeline(),
                    bounds.routing(),
                    bounds.reads().withMaxStreams(2),
                    bounds.api(),
                    bounds.limits(),
                    bounds.dedupWindow()))) {
      List<Stream<SubscribeRequest, SubscribeResponse>> open = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        Stream<SubscribeRequest, SubscribeResponse> subscription = new Stream<>();
        small.async().subscribe(SubscribeRequest.getDefaultInstance(), subscription);
        assertThat(subscription.next().hasCaughtUp()).isTrue();
        open.add(subscription);
      }
      Error refused =
          errorOf(() -> small.stub().subscribe(SubscribeRequest.getDefaultInstance()).next());
      assertThat(refused.getCode()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
      assertThat(refused.getRetryAfter()).isNotEqualTo(Duration.getDefaultInstance());
      assertThat(refused.getMessage()).contains("2");
      open.get(0).cancel();
      Conditions.await("room", () -> small.reads.openStreams() == 1);
      Stream<SubscribeRequest, SubscribeResponse> next = new Stream<>();
      small.async().subscribe(SubscribeRequest.getDefaultInstance(), next);
      assertThat(next.next().hasCaughtUp()).isTrue();

      // Calls with one answer have a bound of their own.
      GetHeadRequest later =
          GetHeadRequest.newBuilder()
              .setConsistency(ReadConsistency.newBuilder().setLocal(true).setAtLeast(9))
              .build();
      List<Stream<GetHeadRequest, GetHeadResponse>> waiting = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        Stream<GetHeadRequest, GetHeadResponse> call = new Stream<>();
        small.async().getHead(later, call);
        waiting.add(call);
      }
      Conditions.await("the calls", () -> small.reads.openCalls() == 2);
      Error busy = errorOf(() -> small.stub().getHead(GetHeadRequest.getDefaultInstance()));
      assertThat(busy.getCode()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
      assertThat(busy.getRetryAfter()).isNotEqualTo(Duration.getDefaultInstance());
      waiting.forEach(Stream::cancel);
      Conditions.await("room", () -> small.reads.openCalls() == 0);
      assertThat(small.stub().getHead(GetHeadRequest.getDefaultInstance()).getHead()).isZero();
    }
  }

  @Test
  void answersTellWhoLeads() {
    AtomicReference<Metadata> headers = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    var stub =
        node.stub()
            .withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
    assertThat(stub.getHead(GetHeadRequest.getDefaultInstance()).getHead()).isZero();
    assertThat(headers.get().get(LeaderHeader.LEADER)).isEqualTo(node.address());
    // An error comes without headers: its trailers tell.
    errorOf(() -> stub.getSource(GetSourceRequest.getDefaultInstance()));
    assertThat(trailers.get().get(LeaderHeader.LEADER)).isEqualTo(node.address());
  }

  @Test
  void clusterHealthAndReflectionAreServed() throws Exception {
    assertThat(
            ClusterServiceGrpc.newBlockingStub(node.channel())
                .describe(DescribeRequest.getDefaultInstance())
                .getNodeId())
        .isEqualTo("n1");
    var health = HealthGrpc.newBlockingStub(node.channel());
    for (String service : List.of("", "varve.v1.LogService")) {
      HealthCheckRequest request = HealthCheckRequest.newBuilder().setService(service).build();
      node.ready.set(true);
      Conditions.await("health", () -> health.check(request).getStatus() == ServingStatus.SERVING);
      node.ready.set(false);
      Conditions.await(
          "no health", () -> health.check(request).getStatus() == ServingStatus.NOT_SERVING);
    }
    Stream<ServerReflectionRequest, ServerReflectionResponse> reflected = new Stream<>();
    StreamObserver<ServerReflectionRequest> reflect =
        ServerReflectionGrpc.newStub(node.channel()).serverReflectionInfo(reflected);
    reflect.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    assertThat(reflected.next().getListServicesResponse().getServiceList())
        .extracting(service -> service.getName())
        .contains("varve.v1.LogService", "varve.v1.ClusterService", "grpc.health.v1.Health");
    reflect.onCompleted();
  }
}
