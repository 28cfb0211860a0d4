package io.varve.node;

import static io.varve.node.Requests.append;
import static io.varve.node.Requests.id;
import static io.varve.node.Requests.request;
import static io.varve.node.Requests.streamed;
import static io.varve.node.Requests.version;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.varve.node.cluster.Conditions;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.GetAppendRequest;
import io.varve.proto.v1.GetAppendResponse;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetHeadResponse;
import io.varve.proto.v1.GetSourceRequest;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.ReadConsistency;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.ReadResponse;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.proto.v1.SubscribeResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class NodeClusterTest {

  private static final Metadata.Key<String> LEADER =
      Metadata.Key.of("varve-leader", Metadata.ASCII_STRING_MARSHALLER);

  @TempDir private Path directory;
  private NodeCluster cluster;

  @BeforeEach
  void start() {
    cluster = new NodeCluster(directory);
  }

  @AfterEach
  void stop() {
    cluster.close();
    assertThat(cluster.cluster().halts()).isEmpty();
  }

  private AppendResponse append1(String node, Append append) {
    return cluster.stub(node).append(request(append));
  }

  private static List<RecordedEvent> events(Iterator<ReadResponse> responses) {
    List<RecordedEvent> events = new ArrayList<>();
    responses.forEachRemaining(response -> events.addAll(response.getEventsList()));
    return events;
  }

  @Test
  void anyNodeTakesAppendsAndTellsWhoLeads() throws Exception {
    String follower = cluster.follower();
    AtomicReference<Metadata> headers = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    LogServiceGrpc.LogServiceBlockingStub stub =
        cluster
            .stub(follower)
            .withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
    AppendResponse first = stub.append(request(append("a", "Created")));
    assertThat(first.getAppended().getFirstPosition()).isEqualTo(1);
    assertThat(first.getLogIdentity().size()).isEqualTo(16);
    assertThat(headers.get().get(LEADER)).isEqualTo(cluster.address(cluster.leader()));

    AppendResponse conflict =
        append1(
            follower, append("a", "Changed").toBuilder().addConditions(version("a", 0)).build());
    assertThat(conflict.getConflict().getFailed(0).getFoundVersion()).isEqualTo(1);
    assertThat(conflict.getConflict().getFailed(0).getNewest().getType()).isEqualTo("Created");

    Stream<AppendStreamRequest, AppendStreamResponse> answers = new Stream<>();
    StreamObserver<AppendStreamRequest> requests = cluster.async(follower).appendStream(answers);
    for (int i = 0; i < 2_000; i++) {
      requests.onNext(
          streamed(append("s" + i % 10, "T")).toBuilder().setTimeoutMillis(60_000).build());
    }
    requests.onCompleted();
    for (int i = 0; i < 2_000; i++) {
      assertThat(answers.next().getAppended().getFirstPosition()).isEqualTo(i + 2);
    }
    assertThat(answers.end()).isEqualTo(Status.OK);
  }

  @Test
  void whatWasWrittenIsReadAtOnceOnAnyNode() {
    for (int round = 0; round < 20; round++) {
      for (String writer : cluster.cluster().ids()) {
        long position = append1(writer, append("a", "T")).getAppended().getLastPosition();
        for (String reader : cluster.cluster().ids()) {
          assertThat(cluster.stub(reader).getHead(GetHeadRequest.getDefaultInstance()).getHead())
              .isGreaterThanOrEqualTo(position);
          ReadConsistency atLeast =
              ReadConsistency.newBuilder().setLocal(true).setAtLeast(position).build();
          assertThat(
                  cluster
                      .stub(reader)
                      .getSource(
                          GetSourceRequest.newBuilder()
                              .setSource("a")
                              .setConsistency(atLeast)
                              .build())
                      .getLastPosition())
              .isEqualTo(position);
          assertThat(
                  events(
                      cluster
                          .stub(reader)
                          .read(
                              ReadRequest.newBuilder()
                                  .setFromPosition(position)
                                  .setConsistency(atLeast)
                                  .build())))
              .singleElement()
              .extracting(RecordedEvent::getPosition)
              .isEqualTo(position);
        }
      }
    }
  }

  @Test
  void aSubscriptionOnAFollowerHasNoGapAndNoDuplicateWhileTheLeaderStopsAndReturns()
      throws Exception {
    String leader = cluster.leader();
    String follower = cluster.follower();
    Stream<SubscribeRequest, SubscribeResponse> subscription = new Stream<>();
    cluster.async(follower).subscribe(SubscribeRequest.getDefaultInstance(), subscription);
    long last = 0;
    for (int i = 0; i < 50; i++) {
      last = append1(follower, append("a", "T")).getAppended().getLastPosition();
    }
    cluster.cluster().stop(leader);
    for (int i = 0; i < 50; i++) {
      // Within their deadlines callers wait for the new leader.
      last = append1(follower, append("a", "T")).getAppended().getLastPosition();
    }
    cluster.cluster().start(leader);
    cluster.cluster().awaitReady();
    for (int i = 0; i < 50; i++) {
      last = append1(leader, append("a", "T")).getAppended().getLastPosition();
    }
    assertThat(last).isEqualTo(150);
    List<Long> positions = new ArrayList<>();
    while (positions.size() < last) {
      SubscribeResponse response = subscription.next();
      response.getBatch().getEventsList().forEach(event -> positions.add(event.getPosition()));
    }
    for (int i = 0; i < last; i++) {
      assertThat(positions.get(i)).isEqualTo(i + 1);
    }
    subscription.cancel();
  }

  @Test
  void afterTheLeaderStopsUnderLoadEveryAppendIdTellsTheTruth() throws Exception {
    String leader = cluster.leader();
    String follower = cluster.follower();
    Stream<AppendStreamRequest, AppendStreamResponse> answers = new Stream<>();
    StreamObserver<AppendStreamRequest> requests = cluster.async(follower).appendStream(answers);
    List<Append> sent = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      Append append =
          append("s" + i, "T").toBuilder().setAppendId(id(UUID.randomUUID(), 0)).build();
      sent.add(append);
      requests.onNext(streamed(append));
    }
    Thread stopper = new Thread(() -> cluster.cluster().stop(leader));
    stopper.start();
    requests.onCompleted();
    answers.end();
    stopper.join();
    int certain = 0;
    List<Callable<Void>> checks = new ArrayList<>();
    for (Append append : sent) {
      boolean acknowledged = false;
      if (answers.waiting() > 0) {
        AppendStreamResponse answer = answers.next();
        acknowledged = answer.hasAppended();
        if (!acknowledged) {
          assertThat(answer.getError().getCode())
              .isIn(
                  ErrorCode.ERROR_CODE_OUTCOME_UNKNOWN,
                  ErrorCode.ERROR_CODE_UNAVAILABLE,
                  ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
        }
      }
      certain += acknowledged ? 1 : 0;
      boolean landed = acknowledged;
      checks.add(
          () -> {
            theIdTellsTheTruth(follower, append, landed);
            return null;
          });
    }
    // Many at a time: one after the other, each with its own round of heartbeats, takes minutes.
    ExecutorService checkers = Executors.newFixedThreadPool(32);
    try {
      for (Future<Void> check : checkers.invokeAll(checks)) {
        check.get();
      }
    } finally {
      checkers.shutdownNow();
    }
    assertThat(events(cluster.stub(follower).read(ReadRequest.getDefaultInstance())))
        .hasSize(sent.size());
    assertThat(certain).isPositive();
  }

  private void theIdTellsTheTruth(String node, Append append, boolean landed) {
    GetAppendResponse truth =
        cluster
            .stub(node)
            .getAppend(GetAppendRequest.newBuilder().setAppendId(append.getAppendId()).build());
    if (landed) {
      assertThat(truth.hasAppended()).isTrue();
    }
    AppendResponse again = append1(node, append);
    if (truth.hasAppended()) {
      assertThat(again.getAppended()).isEqualTo(truth.getAppended());
    }
  }

  @Test
  void withoutAMajorityANodeSaysSoWithinTheDeadlineAndIsNotHealthy() throws Exception {
    String survivor = cluster.follower();
    append1(survivor, append("a", "T"));
    HealthCheckRequest whole = HealthCheckRequest.getDefaultInstance();
    HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(cluster.channel(survivor));
    Conditions.await("health", () -> health.check(whole).getStatus() == ServingStatus.SERVING);
    cluster.cluster().awaitHead(survivor, 1);
    cluster.cluster().othersThan(survivor).forEach(cluster.cluster()::stop);
    // Until then an append may go to one that led, be it the survivor: its outcome is unknown.
    Conditions.await(
        "no leader to be known", () -> cluster.cluster().node(survivor).leader().isEmpty());
    // Without a deadline of their own the node's default is theirs, and they hear what it says.
    Stream<AppendRequest, AppendResponse> appended = new Stream<>();
    cluster.async(survivor).append(request(append("a", "T")), appended);
    Stream<GetHeadRequest, GetHeadResponse> head = new Stream<>();
    cluster.async(survivor).getHead(GetHeadRequest.getDefaultInstance(), head);
    assertThat(appended.end().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(head.end().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    Conditions.await(
        "no health", () -> health.check(whole).getStatus() == ServingStatus.NOT_SERVING);
    // What it has, it still shows to those who ask for no more.
    assertThat(
            events(
                cluster
                    .stub(survivor)
                    .read(
                        ReadRequest.newBuilder()
                            .setConsistency(ReadConsistency.newBuilder().setLocal(true))
                            .build())))
        .hasSize(1);
  }
}
