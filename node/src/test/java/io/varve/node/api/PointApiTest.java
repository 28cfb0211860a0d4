package io.varve.node.api;

import static io.varve.node.Requests.append;
import static io.varve.node.Requests.error;
import static io.varve.node.Requests.errorOf;
import static io.varve.node.Requests.event;
import static io.varve.node.Requests.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.varve.node.LocalNode;
import io.varve.node.LocalReplicator;
import io.varve.node.Stream;
import io.varve.node.cluster.Conditions;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Appended;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.GetChainHashRequest;
import io.varve.proto.v1.GetChainHashResponse;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetHeadResponse;
import io.varve.proto.v1.GetOriginRequest;
import io.varve.proto.v1.GetOriginResponse;
import io.varve.proto.v1.GetPositionRequest;
import io.varve.proto.v1.GetPositionResponse;
import io.varve.proto.v1.ListSourcesRequest;
import io.varve.proto.v1.ListSourcesResponse;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import io.varve.proto.v1.ReadConsistency;
import io.varve.proto.v1.ReadLatestRequest;
import io.varve.proto.v1.ReadLatestResponse;
import io.varve.proto.v1.SourceState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The calls with one answer: newest events per key, sources, times, origins, chain hashes. */
@Timeout(60)
class PointApiTest {

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

  private Appended land(Append append) {
    return node.stub().append(request(append)).getAppended();
  }

  private static NewEvent keyed(String key, String data) {
    return event("board", "Set").toBuilder()
        .setKey(key)
        .setData(ByteString.copyFromUtf8(data))
        .build();
  }

  private static Append of(NewEvent... events) {
    return Append.newBuilder().addAllEvents(List.of(events)).build();
  }

  private static ReadLatestRequest.Builder latest() {
    return ReadLatestRequest.newBuilder().setSource("board");
  }

  private static List<String> told(ReadLatestResponse response) {
    return response.getEventsList().stream()
        .map(event -> event.getKey() + "=" + event.getData().toStringUtf8())
        .toList();
  }

  @Test
  void tellsTheNewestEventOfEachKey() {
    land(of(keyed("b", "1"), keyed("a", "2"), keyed("b", "3"), keyed("c", "4")));
    land(of(keyed("c", "").toBuilder().setTombstone(true).build(), event("board", "Unkeyed")));
    land(append("another", "T"));
    ReadLatestResponse all = node.stub().readLatest(latest().build());
    assertThat(told(all)).containsExactly("a=2", "b=3");
    assertThat(all.getAsOf()).isEqualTo(7);
    assertThat(all.getMore()).isFalse();
    assertThat(all.getLogIdentity()).isEqualTo(LocalReplicator.LOG_IDENTITY);
    assertThat(told(node.stub().readLatest(latest().setKeyPrefix("b").build())))
        .containsExactly("b=3");
    assertThat(node.stub().readLatest(latest().setSource("nobody").build()).getEventsCount())
        .isZero();
  }

  @Test
  void laterPagesWaitForTheFirstAndMissNothing() throws Exception {
    land(of(keyed("a", "1"), keyed("b", "2"), keyed("c", "3")));
    ReadLatestResponse first = node.stub().readLatest(latest().setLimit(2).build());
    assertThat(told(first)).containsExactly("a=1", "b=2");
    assertThat(first.getMore()).isTrue();
    assertThat(first.getLastKey()).isEqualTo("b");
    land(of(keyed("c", "4"), keyed("a", "5")));
    ReadLatestRequest.Builder next =
        latest().setAfterKey(first.getLastKey()).setLimit(2).setAsOf(first.getAsOf());
    ReadLatestResponse second = node.stub().readLatest(next.build());
    // The change of "c" is shown early, that of "a" will be followed from as_of on.
    assertThat(told(second)).containsExactly("c=4");
    assertThat(second.getAsOf()).isEqualTo(3);
    assertThat(second.getMore()).isFalse();
    // A page of a state that this node does not have yet is not answered before it has.
    Stream<ReadLatestRequest, ReadLatestResponse> early = new Stream<>();
    node.async().readLatest(latest().setAsOf(6).build(), early);
    Conditions.await("the call", () -> node.reads.openCalls() == 1);
    land(append("x", "T"));
    assertThat(early.next().getAsOf()).isEqualTo(6);
    Conditions.await("its end", () -> node.reads.openCalls() == 0);
  }

  @Test
  void pagesAreBoundedByBytesToo() {
    byte[] large = new byte[400 << 10];
    for (int i = 0; i < 7; i++) {
      land(of(keyed("k" + i, "").toBuilder().setData(ByteString.copyFrom(large)).build()));
    }
    List<Integer> pages = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    ReadLatestRequest.Builder next = latest();
    ReadLatestResponse page;
    do {
      page = node.stub().readLatest(next.build());
      pages.add(page.getEventsCount());
      page.getEventsList().forEach(event -> keys.add(event.getKey()));
      next.setAfterKey(page.getLastKey()).setAsOf(page.getAsOf());
    } while (page.getMore());
    assertThat(pages).containsExactly(3, 3, 1);
    assertThat(keys).containsExactly("k0", "k1", "k2", "k3", "k4", "k5", "k6");
  }

  @Test
  void listsSourcesByPrefixInPages() {
    for (String source : List.of("b/2", "a", "b/1", "c", "b/1", "b/3")) {
      land(append(source, "T"));
    }
    ListSourcesRequest.Builder request = ListSourcesRequest.newBuilder().setPrefix("b/");
    ListSourcesResponse all = node.stub().listSources(request.build());
    assertThat(all.getSourcesList())
        .containsExactly(source("b/1", 2, 5), source("b/2", 1, 1), source("b/3", 1, 6));
    assertThat(all.getMore()).isFalse();
    assertThat(all.getHead()).isEqualTo(6);
    ListSourcesResponse first = node.stub().listSources(request.setLimit(2).build());
    assertThat(first.getMore()).isTrue();
    ListSourcesResponse second = node.stub().listSources(request.setAfterSource("b/2").build());
    assertThat(second.getSourcesList()).containsExactly(source("b/3", 1, 6));
    assertThat(node.stub().listSources(ListSourcesRequest.getDefaultInstance()).getSourcesList())
        .extracting(SourceState::getSource)
        .containsExactly("a", "b/1", "b/2", "b/3", "c");
  }

  private static SourceState source(String name, long version, long last) {
    return SourceState.newBuilder()
        .setSource(name)
        .setVersion(version)
        .setLastPosition(last)
        .build();
  }

  @Test
  void findsThePositionAtATime() {
    Timestamp first = land(append("a", "T")).getRecorded();
    Timestamp second = land(append("a", "T")).getRecorded();
    assertThat(positionAt(second)).isEqualTo(2);
    assertThat(positionAt(earlier(first))).isZero();
    // The two may have been recorded in the same microsecond.
    assertThat(positionAt(first)).isEqualTo(first.equals(second) ? 2 : 1);
    assertThat(positionAt(Timestamp.newBuilder().setSeconds(253_402_300_799L).build()))
        .isEqualTo(2);
    GetPositionResponse before =
        node.stub()
            .getPosition(
                GetPositionRequest.newBuilder()
                    .setRecorded(Timestamp.newBuilder().setSeconds(-1))
                    .build());
    assertThat(before.getPosition()).isZero();
    assertThat(before.getHead()).isEqualTo(2);
  }

  private long positionAt(Timestamp time) {
    return node.stub()
        .getPosition(GetPositionRequest.newBuilder().setRecorded(time).build())
        .getPosition();
  }

  private static Timestamp earlier(Timestamp time) {
    return time.getNanos() >= 1_000
        ? time.toBuilder().setNanos(time.getNanos() - 1_000).build()
        : time.toBuilder().setSeconds(time.getSeconds() - 1).setNanos(999_999_000).build();
  }

  @Test
  void tellsHowFarABufferHasLanded() {
    land(append("a", "T"));
    assertThat(origin().getLastSequence()).isZero();
    assertThat(origin().getHead()).isEqualTo(1);
    land(run(1, "x", "y"));
    assertThat(origin().getLastSequence()).isEqualTo(2);
    assertThat(origin().getHead()).isEqualTo(3);
  }

  private GetOriginResponse origin() {
    return node.stub()
        .getOrigin(
            GetOriginRequest.newBuilder().setClientId("client").setBufferId("buffer").build());
  }

  private static Append run(long first, String... payloads) {
    Append.Builder run =
        Append.newBuilder()
            .setOrigin(
                Origin.newBuilder()
                    .setClientId("client")
                    .setBufferId("buffer")
                    .setFirstSequence(first));
    for (String payload : payloads) {
      run.addEvents(keyed("k", payload));
    }
    return run.build();
  }

  @Test
  void aRunOfAnOriginLandsOnceAndItsErrorsArePrecise() {
    assertThat(land(run(1, "x", "y")).getOriginPositionsList()).containsExactly(1L, 2L);
    Appended longer = land(run(2, "y", "z"));
    assertThat(longer.getOriginPositionsList()).containsExactly(2L, 3L);
    assertThat(longer.getFirstPosition()).isEqualTo(3);
    assertThat(land(run(1, "x", "y", "z")).getReplayed()).isTrue();
    StatusRuntimeException gap =
        catchThrowableOfType(StatusRuntimeException.class, () -> land(run(9, "?")));
    assertThat(gap.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    assertThat(error(gap).getCode()).isEqualTo(ErrorCode.ERROR_CODE_SEQUENCE_GAP);
    assertThat(error(gap).getExpectedSequence()).isEqualTo(4);
    StatusRuntimeException diverged =
        catchThrowableOfType(StatusRuntimeException.class, () -> land(run(1, "x", "?")));
    assertThat(diverged.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    assertThat(error(diverged).getCode()).isEqualTo(ErrorCode.ERROR_CODE_ORIGIN_DIVERGED);
    assertThat(error(diverged).getField()).isEqualTo("append.events[1]");
    assertThat(node.raft.reader().head()).isEqualTo(3);
  }

  @Test
  void tellsTheChainHash() throws Exception {
    ByteString founding = chainHash(0).getChainHash();
    assertThat(founding.size()).isEqualTo(32);
    land(append("a", "T"));
    land(append("a", "T"));
    GetChainHashResponse head = chainHash(0);
    assertThat(head.getPosition()).isEqualTo(2);
    assertThat(head.getNodeId()).isEqualTo("n1");
    assertThat(head.getChainHash()).isEqualTo(node.raft.reader().chainHash(2).orElseThrow());
    assertThat(chainHash(1).getChainHash())
        .isEqualTo(node.raft.reader().chainHash(1).orElseThrow())
        .isNotEqualTo(head.getChainHash())
        .isNotEqualTo(founding);
    Stream<GetChainHashRequest, GetChainHashResponse> early = new Stream<>();
    node.async().getChainHash(GetChainHashRequest.newBuilder().setPosition(3).build(), early);
    Conditions.await("the call", () -> node.reads.openCalls() == 1);
    land(append("a", "T"));
    assertThat(early.next().getPosition()).isEqualTo(3);
    // Not over the wire, where a caller may give up before it hears that the node did.
    CompletableFuture<GetChainHashResponse> late =
        node.reads.chainHash(
            GetChainHashRequest.newBuilder().setPosition(4).build(),
            "n1",
            System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(50));
    CompletionException failure = catchThrowableOfType(CompletionException.class, late::join);
    assertThat(Errors.of(failure).getCode()).isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
  }

  private GetChainHashResponse chainHash(long position) {
    return node.stub().getChainHash(GetChainHashRequest.newBuilder().setPosition(position).build());
  }

  @Test
  void aCallThatIsGivenUpLeavesNothingBehind() {
    Stream<GetHeadRequest, GetHeadResponse> waiting = new Stream<>();
    node.async()
        .getHead(
            GetHeadRequest.newBuilder()
                .setConsistency(ReadConsistency.newBuilder().setLocal(true).setAtLeast(1_000_000))
                .build(),
            waiting);
    Conditions.await("the call", () -> node.reads.openCalls() == 1);
    waiting.cancel();
    Conditions.await("its end", () -> node.reads.openCalls() == 0);
    Conditions.await("nobody waiting", () -> node.reads.waiting() == 0);
  }

  @Test
  void everyRequestMayExpectALogIdentity() {
    ByteString other = ByteString.copyFrom(new byte[16]);
    for (Runnable call :
        List.<Runnable>of(
            () -> node.stub().readLatest(latest().setLogIdentity(other).build()),
            () ->
                node.stub()
                    .listSources(ListSourcesRequest.newBuilder().setLogIdentity(other).build()),
            () ->
                node.stub()
                    .getPosition(GetPositionRequest.newBuilder().setLogIdentity(other).build()),
            () ->
                node.stub().getOrigin(GetOriginRequest.newBuilder().setLogIdentity(other).build()),
            () ->
                node.stub()
                    .getChainHash(
                        GetChainHashRequest.newBuilder().setLogIdentity(other).build()))) {
      assertThat(errorOf(call).getCode()).isEqualTo(ErrorCode.ERROR_CODE_LOG_IDENTITY_MISMATCH);
    }
  }
}
