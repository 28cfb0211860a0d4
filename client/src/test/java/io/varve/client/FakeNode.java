package io.varve.client;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.node.cluster.FreePorts;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.Appended;
import io.varve.proto.v1.CaughtUp;
import io.varve.proto.v1.Checkpoint;
import io.varve.proto.v1.ClusterServiceGrpc;
import io.varve.proto.v1.Conflict;
import io.varve.proto.v1.DescribeRequest;
import io.varve.proto.v1.DescribeResponse;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.EventBatch;
import io.varve.proto.v1.FailedCondition;
import io.varve.proto.v1.GetAppendRequest;
import io.varve.proto.v1.GetAppendResponse;
import io.varve.proto.v1.GetChainHashRequest;
import io.varve.proto.v1.GetChainHashResponse;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetHeadResponse;
import io.varve.proto.v1.GetOriginRequest;
import io.varve.proto.v1.GetOriginResponse;
import io.varve.proto.v1.GetPositionRequest;
import io.varve.proto.v1.GetPositionResponse;
import io.varve.proto.v1.GetSourceRequest;
import io.varve.proto.v1.GetSourceResponse;
import io.varve.proto.v1.ListSourcesRequest;
import io.varve.proto.v1.ListSourcesResponse;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.Member;
import io.varve.proto.v1.MemberRole;
import io.varve.proto.v1.ReadLatestRequest;
import io.varve.proto.v1.ReadLatestResponse;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.ReadResponse;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.proto.v1.SubscribeResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A node's API as a test scripts it, on real sockets: what it answers, what it loses, and when it
 * dies. Several share one {@link FakeLog}.
 */
final class FakeNode implements AutoCloseable {

  private static final Metadata.Key<String> LEADER =
      Metadata.Key.of("varve-leader", Metadata.ASCII_STRING_MARSHALLER);

  /** Kept so that it stays silenced: a node that is meant to die says so at length. */
  private static final List<Logger> NOISE =
      List.of(
          Logger.getLogger("io.grpc.netty.NettyServerHandler"),
          Logger.getLogger("io.grpc.netty.NettyServerTransport.connections"),
          Logger.getLogger("io.grpc.netty.NettyServerTransport"));

  static {
    NOISE.forEach(logger -> logger.setLevel(Level.OFF));
  }

  /** What a node does with one append on a stream. */
  enum Reaction {
    /** Decides and answers. */
    ANSWER,
    /** Decides, and cuts the stream instead of answering. */
    APPLY_AND_CUT,
    /** Cuts the stream without deciding. */
    CUT,
    /**
     * Decides, and says that the outcome is unknown; turns away what is behind; ends the stream.
     */
    APPLY_AND_UNKNOWN,
    /** Says that the outcome is unknown without deciding; the rest likewise. */
    UNKNOWN,
    /** Refuses: overloaded. */
    OVERLOADED,
    /** Refuses: no majority. */
    UNAVAILABLE,
    /** Decides but never answers. */
    APPLY_AND_STALL,
    /** Neither decides nor answers. */
    STALL,
    /** Says that it is at fault. */
    INTERNAL,
    /** Decides, and ends the stream saying that it is at fault. */
    APPLY_AND_FAIL,
    /** Decides, and answers what makes no sense. */
    APPLY_AND_GARBLE
  }

  /** Decides what to do with the n-th append this node receives, from 0. */
  interface Script {
    Reaction on(int n, AppendStreamRequest request);
  }

  final String name;
  final FakeLog log;
  final List<AppendStreamRequest> received = Collections.synchronizedList(new ArrayList<>());
  final AtomicInteger streams = new AtomicInteger();
  final AtomicInteger openStreams = new AtomicInteger();
  final AtomicInteger reads = new AtomicInteger();
  final AtomicInteger subscriptions = new AtomicInteger();
  final AtomicInteger unaryCalls = new AtomicInteger();
  final List<ReadRequest> readRequests = Collections.synchronizedList(new ArrayList<>());
  final List<SubscribeRequest> subscribeRequests = Collections.synchronizedList(new ArrayList<>());

  final List<ReadLatestRequest> latestRequests = Collections.synchronizedList(new ArrayList<>());
  final List<ListSourcesRequest> sourcesRequests = Collections.synchronizedList(new ArrayList<>());

  /** Response messages handed to gRPC by all reads and subscriptions. */
  final AtomicInteger batchesSent = new AtomicInteger();

  volatile Script script = (n, request) -> Reaction.ANSWER;

  /** Whom the node names as the leader; null = nobody. */
  volatile Supplier<@Nullable String> leader = () -> null;

  volatile List<Member> members = List.of();
  volatile String leaderId = "";

  /** What an overloaded node asks callers to wait. */
  volatile Duration overloadedFor = Duration.ZERO;

  /** The error that unary calls, reads and subscriptions get; empty = they are served. */
  volatile Optional<Error> refuse = Optional.empty();

  /** Unary calls, reads and subscriptions get no answer at all. */
  volatile boolean silent;

  /** Events in one response. */
  volatile int batch = 10;

  /** After how many responses of one call reads and subscriptions are cut; 0 = never. */
  volatile int cutAfterBatches;

  /** How far this node has applied; it shows nothing behind it. */
  volatile long applied = Long.MAX_VALUE;

  private final AtomicInteger appends = new AtomicInteger();
  private final ServerCredentials credentials;
  private int port;
  private @Nullable Server server;

  FakeNode(String name, FakeLog log) {
    this(name, log, InsecureServerCredentials.create());
  }

  FakeNode(String name, FakeLog log, ServerCredentials credentials) {
    this.name = name;
    this.log = log;
    this.credentials = credentials;
    start();
  }

  /**
   * Starts it, again on its old port if it had one. Ports lie below the range from which the kernel
   * takes those of outgoing connections: none of them may sit on a killed node's port.
   */
  void start() {
    if (port == 0) {
      port = FreePorts.next();
    }
    try {
      server =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), port), credentials)
              .permitKeepAliveTime(1, TimeUnit.SECONDS)
              .maxInboundMessageSize(32 << 20)
              .intercept(new NameLeader())
              .addService(new Log())
              .addService(new Cluster())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  /** Dies at once: every connection breaks. */
  void kill() {
    Server dying = server;
    if (dying != null) {
      server = null;
      dying.shutdownNow();
      try {
        if (!dying.awaitTermination(
            ScriptedClusterTest.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new AssertionError("the fake node does not die");
        }
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    kill();
  }

  private long head() {
    return Math.min(applied, log.head());
  }

  private static StatusRuntimeException status(Error error) {
    Status.Code code =
        switch (error.getCode()) {
          case ERROR_CODE_INVALID_ARGUMENT -> Status.Code.INVALID_ARGUMENT;
          case ERROR_CODE_OUT_OF_RANGE -> Status.Code.OUT_OF_RANGE;
          case ERROR_CODE_OVERLOADED -> Status.Code.RESOURCE_EXHAUSTED;
          case ERROR_CODE_UNAVAILABLE -> Status.Code.UNAVAILABLE;
          case ERROR_CODE_INTERNAL -> Status.Code.INTERNAL;
          default -> Status.Code.FAILED_PRECONDITION;
        };
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(code.value())
            .setMessage(error.getMessage())
            .addDetails(Any.pack(error))
            .build());
  }

  private final class NameLeader implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      return next.startCall(
          new SimpleForwardingServerCall<Q, R>(call) {
            @Override
            public void sendHeaders(Metadata sent) {
              name(sent);
              super.sendHeaders(sent);
            }

            @Override
            public void close(Status status, Metadata trailers) {
              name(trailers);
              super.close(status, trailers);
            }

            private void name(Metadata to) {
              String named = leader.get();
              if (named != null) {
                to.put(LEADER, named);
              }
            }
          },
          headers);
    }
  }

  private final class Cluster extends ClusterServiceGrpc.ClusterServiceImplBase {
    @Override
    public void describe(DescribeRequest request, StreamObserver<DescribeResponse> to) {
      to.onNext(
          DescribeResponse.newBuilder()
              .setLogIdentity(log.identity)
              .setClusterId(ByteString.copyFromUtf8("0123456789abcdef"))
              .setNodeId(name)
              .setLeaderId(leaderId)
              .setTerm(7)
              .addAllMembers(members)
              .build());
      to.onCompleted();
    }
  }

  static Member member(String id, String address, boolean reachable) {
    return Member.newBuilder()
        .setId(id)
        .setClientAddress(address)
        .setRole(MemberRole.MEMBER_ROLE_FOLLOWER)
        .setReachable(reachable)
        .build();
  }

  private final class Log extends LogServiceGrpc.LogServiceImplBase {

    private boolean refuses(ByteString identity, StreamObserver<?> to) {
      Optional<Error> error = refuse;
      if (!identity.isEmpty() && !identity.equals(log.identity)) {
        error =
            Optional.of(
                FakeLog.error(ErrorCode.ERROR_CODE_LOG_IDENTITY_MISMATCH, "another identity"));
      }
      error.ifPresent(value -> to.onError(status(value)));
      return error.isPresent() || silent;
    }

    @Override
    public void getHead(GetHeadRequest request, StreamObserver<GetHeadResponse> to) {
      unaryCalls.incrementAndGet();
      if (!refuses(request.getLogIdentity(), to)) {
        to.onNext(
            GetHeadResponse.newBuilder().setLogIdentity(log.identity).setHead(head()).build());
        to.onCompleted();
      }
    }

    @Override
    public void getSource(GetSourceRequest request, StreamObserver<GetSourceResponse> to) {
      unaryCalls.incrementAndGet();
      if (!refuses(request.getLogIdentity(), to)) {
        to.onNext(
            GetSourceResponse.newBuilder()
                .setLogIdentity(log.identity)
                .setHead(head())
                .setVersion(log.version(request.getSource()))
                .build());
        to.onCompleted();
      }
    }

    @Override
    public void getAppend(GetAppendRequest request, StreamObserver<GetAppendResponse> to) {
      unaryCalls.incrementAndGet();
      if (!refuses(request.getLogIdentity(), to)) {
        GetAppendResponse.Builder response =
            GetAppendResponse.newBuilder().setLogIdentity(log.identity).setHead(head());
        Appended found = log.find(request.getAppendId().getId());
        if (found != null) {
          response.setAppended(found);
        }
        to.onNext(response.build());
        to.onCompleted();
      }
    }

    @Override
    public void readLatest(ReadLatestRequest request, StreamObserver<ReadLatestResponse> to) {
      unaryCalls.incrementAndGet();
      latestRequests.add(request);
      if (refuses(request.getLogIdentity(), to)) {
        return;
      }
      TreeMap<String, RecordedEvent> newest = new TreeMap<>();
      for (RecordedEvent event : log.events()) {
        if (event.getSource().equals(request.getSource())
            && event.getKey().startsWith(request.getKeyPrefix())
            && event.getKey().compareTo(request.getAfterKey()) > 0) {
          newest.put(event.getKey(), event);
        }
      }
      newest.values().removeIf(RecordedEvent::getTombstone);
      List<RecordedEvent> page =
          newest.values().stream().limit(Math.min(batch, request.getLimit())).toList();
      ReadLatestResponse.Builder response =
          ReadLatestResponse.newBuilder()
              .setLogIdentity(log.identity)
              .setAsOf(request.getAsOf() == 0 ? head() : request.getAsOf())
              .addAllEvents(page)
              .setMore(page.size() < newest.size());
      if (response.getMore()) {
        response.setLastKey(page.get(page.size() - 1).getKey());
      }
      to.onNext(response.build());
      to.onCompleted();
    }

    @Override
    public void listSources(ListSourcesRequest request, StreamObserver<ListSourcesResponse> to) {
      unaryCalls.incrementAndGet();
      sourcesRequests.add(request);
      if (refuses(request.getLogIdentity(), to)) {
        return;
      }
      List<String> names =
          log.events().stream()
              .map(RecordedEvent::getSource)
              .filter(name -> name.startsWith(request.getPrefix()))
              .filter(name -> name.compareTo(request.getAfterSource()) > 0)
              .sorted()
              .distinct()
              .toList();
      ListSourcesResponse.Builder response =
          ListSourcesResponse.newBuilder()
              .setLogIdentity(log.identity)
              .setHead(head())
              .setMore(names.size() > request.getLimit());
      for (String name : names.subList(0, Math.min(names.size(), request.getLimit()))) {
        response.addSources(
            io.varve.proto.v1.SourceState.newBuilder()
                .setSource(name)
                .setVersion(log.version(name)));
      }
      to.onNext(response.build());
      to.onCompleted();
    }

    @Override
    public void getPosition(GetPositionRequest request, StreamObserver<GetPositionResponse> to) {
      if (!refuses(request.getLogIdentity(), to)) {
        to.onNext(
            GetPositionResponse.newBuilder()
                .setLogIdentity(log.identity)
                .setHead(head())
                .setPosition(request.getRecorded().getSeconds()) // to show that it arrived
                .build());
        to.onCompleted();
      }
    }

    @Override
    public void getOrigin(GetOriginRequest request, StreamObserver<GetOriginResponse> to) {
      if (!refuses(request.getLogIdentity(), to)) {
        to.onNext(
            GetOriginResponse.newBuilder()
                .setLogIdentity(log.identity)
                .setHead(head())
                .setLastSequence(log.lastSequence(request.getClientId(), request.getBufferId()))
                .build());
        to.onCompleted();
      }
    }

    @Override
    public void getChainHash(GetChainHashRequest request, StreamObserver<GetChainHashResponse> to) {
      if (!refuses(request.getLogIdentity(), to)) {
        to.onNext(
            GetChainHashResponse.newBuilder()
                .setLogIdentity(log.identity)
                .setPosition(request.getPosition() == 0 ? head() : request.getPosition())
                .setChainHash(ByteString.copyFromUtf8("hash " + request.getPosition()))
                .setNodeId(name)
                .build());
        to.onCompleted();
      }
    }

    @Override
    public StreamObserver<AppendStreamRequest> appendStream(
        StreamObserver<AppendStreamResponse> to) {
      streams.incrementAndGet();
      openStreams.incrementAndGet();
      return new AppendStream(to);
    }

    @Override
    public void read(ReadRequest request, StreamObserver<ReadResponse> to) {
      reads.incrementAndGet();
      readRequests.add(request);
      if (refuses(request.getLogIdentity(), to)) {
        return;
      }
      long head = head();
      List<RecordedEvent> selected = new ArrayList<>();
      for (RecordedEvent event : log.events()) {
        if (event.getPosition() <= head && selects(request, event)) {
          selected.add(event);
        }
      }
      if (request.getBackward()) {
        Collections.reverse(selected);
      }
      if (request.getLimit() > 0 && request.getLimit() < selected.size()) {
        selected = selected.subList(0, (int) request.getLimit());
      }
      List<ReadResponse> responses = new ArrayList<>();
      for (int from = 0; from < selected.size(); from += batch) {
        responses.add(
            ReadResponse.newBuilder()
                .setLogIdentity(log.identity)
                .setHead(head)
                .addAllEvents(selected.subList(from, Math.min(selected.size(), from + batch)))
                .build());
      }
      responses.add(ReadResponse.newBuilder().setLogIdentity(log.identity).setHead(head).build());
      new Sending<>((ServerCallStreamObserver<ReadResponse>) to, responses, true).begin();
    }

    private boolean selects(ReadRequest request, RecordedEvent event) {
      boolean selected =
          switch (request.getSelectorCase()) {
            case SOURCE -> request.getSource().equals(event.getSource());
            case FILTER -> FakeLog.matches(request.getFilter(), event);
            case SELECTOR_NOT_SET -> true;
          };
      boolean backward = request.getBackward();
      return selected
          && switch (request.getStartCase()) {
            case FROM_POSITION ->
                backward
                    ? event.getPosition() <= request.getFromPosition()
                    : event.getPosition() >= request.getFromPosition();
            case FROM_VERSION ->
                backward
                    ? event.getVersion() <= request.getFromVersion()
                    : event.getVersion() >= request.getFromVersion();
            case START_NOT_SET -> true;
          };
    }

    @Override
    public void subscribe(SubscribeRequest request, StreamObserver<SubscribeResponse> to) {
      subscriptions.incrementAndGet();
      subscribeRequests.add(request);
      if (refuses(request.getLogIdentity(), to)) {
        return;
      }
      if (request.getAfterPosition() > head()) {
        to.onError(status(FakeLog.error(ErrorCode.ERROR_CODE_OUT_OF_RANGE, "above the head")));
        return;
      }
      new Following(request, (ServerCallStreamObserver<SubscribeResponse>) to).begin();
    }
  }

  private void cut(StreamObserver<?> to) {
    to.onError(Status.UNAVAILABLE.withDescription("cut").asRuntimeException());
  }

  private final class AppendStream implements StreamObserver<AppendStreamRequest> {
    private final StreamObserver<AppendStreamResponse> to;
    private boolean ended;
    private boolean stalled;
    private boolean turningAway;

    AppendStream(StreamObserver<AppendStreamResponse> to) {
      this.to = to;
    }

    @Override
    public void onNext(AppendStreamRequest request) {
      received.add(request);
      if (ended) {
        return;
      }
      if (turningAway) {
        refuse(ErrorCode.ERROR_CODE_UNAVAILABLE);
        return;
      }
      if (!request.getLogIdentity().isEmpty() && !request.getLogIdentity().equals(log.identity)) {
        refuse(ErrorCode.ERROR_CODE_LOG_IDENTITY_MISMATCH);
        return;
      }
      Reaction reaction = script.on(appends.getAndIncrement(), request);
      switch (reaction) {
        case ANSWER -> answer(log.decide(request.getAppend()));
        case APPLY_AND_CUT -> {
          log.decide(request.getAppend());
          ended = true;
          cut(to);
        }
        case CUT -> {
          ended = true;
          cut(to);
        }
        case APPLY_AND_UNKNOWN -> {
          log.decide(request.getAppend());
          turningAway = true;
          refuse(ErrorCode.ERROR_CODE_OUTCOME_UNKNOWN);
        }
        case UNKNOWN -> {
          turningAway = true;
          refuse(ErrorCode.ERROR_CODE_OUTCOME_UNKNOWN);
        }
        case OVERLOADED -> refuse(ErrorCode.ERROR_CODE_OVERLOADED);
        case UNAVAILABLE -> refuse(ErrorCode.ERROR_CODE_UNAVAILABLE);
        case INTERNAL -> refuse(ErrorCode.ERROR_CODE_INTERNAL);
        case APPLY_AND_FAIL -> {
          log.decide(request.getAppend());
          ended = true;
          to.onError(status(FakeLog.error(ErrorCode.ERROR_CODE_INTERNAL, "at fault")));
        }
        case APPLY_AND_GARBLE -> {
          log.decide(request.getAppend());
          answer(
              AppendStreamResponse.newBuilder()
                  .setLogIdentity(log.identity)
                  .setConflict(
                      Conflict.newBuilder().addFailed(FailedCondition.getDefaultInstance()))
                  .build());
        }
        case APPLY_AND_STALL -> {
          log.decide(request.getAppend());
          stalled = true;
        }
        case STALL -> stalled = true;
      }
    }

    private void answer(AppendStreamResponse response) {
      if (!stalled) { // answers come in order: nothing after one that never comes
        to.onNext(response);
      }
    }

    private void refuse(ErrorCode code) {
      answer(
          AppendStreamResponse.newBuilder()
              .setLogIdentity(log.identity)
              .setError(
                  FakeLog.error(code, code + " as scripted").toBuilder()
                      .setRetryAfter(
                          com.google.protobuf.Duration.newBuilder()
                              .setNanos((int) overloadedFor.toNanos())))
              .build());
    }

    @Override
    public void onError(Throwable cancelled) {
      openStreams.decrementAndGet();
    }

    @Override
    public void onCompleted() {
      openStreams.decrementAndGet();
      if (!ended) {
        to.onCompleted();
      }
    }
  }

  /** Sends responses as far as flow control lets it. */
  private class Sending<R> {
    final ServerCallStreamObserver<R> to;
    final List<R> responses;
    private final boolean finite;
    private int next;
    private boolean over;

    Sending(ServerCallStreamObserver<R> to, List<R> responses, boolean finite) {
      this.to = to;
      this.responses = responses;
      this.finite = finite;
    }

    void begin() {
      to.setOnReadyHandler(this::send);
      to.setOnCancelHandler(this::cancelled);
      send();
    }

    synchronized void cancelled() {
      over = true;
    }

    synchronized void send() {
      while (!over && to.isReady() && next < responses.size()) {
        if (cutAfterBatches > 0 && next == cutAfterBatches) {
          over = true;
          cut(to);
          return;
        }
        to.onNext(responses.get(next++));
        batchesSent.incrementAndGet();
      }
      if (!over && finite && next == responses.size()) {
        over = true;
        to.onCompleted();
      }
    }
  }

  private final class Following extends Sending<SubscribeResponse> {
    private final SubscribeRequest request;
    private final Runnable listener = this::follow;
    private long after;

    Following(SubscribeRequest request, ServerCallStreamObserver<SubscribeResponse> to) {
      super(to, new CopyOnWriteArrayList<>(), false);
      this.request = request;
      this.after = request.getAfterHead() ? head() : request.getAfterPosition();
    }

    @Override
    void begin() {
      to.setOnReadyHandler(this::send);
      to.setOnCancelHandler(this::cancelled);
      log.onAppend(listener);
      follow();
    }

    @Override
    synchronized void cancelled() {
      super.cancelled();
      log.removeListener(listener);
    }

    synchronized void follow() {
      long head = head();
      List<RecordedEvent> selected = new ArrayList<>();
      for (RecordedEvent event : log.events()) {
        if (event.getPosition() > after && event.getPosition() <= head && selects(event)) {
          selected.add(event);
        }
      }
      for (int from = 0; from < selected.size(); from += batch) {
        responses.add(
            response()
                .setBatch(
                    EventBatch.newBuilder()
                        .addAllEvents(
                            selected.subList(from, Math.min(selected.size(), from + batch))))
                .build());
      }
      if (request.getSelectorCase() == SubscribeRequest.SelectorCase.FILTER && head > after) {
        responses.add(response().setCheckpoint(Checkpoint.newBuilder().setPosition(head)).build());
      }
      if (head > after || responses.isEmpty()) {
        responses.add(response().setCaughtUp(CaughtUp.newBuilder().setPosition(head)).build());
      }
      after = Math.max(after, head);
      send();
    }

    private boolean selects(RecordedEvent event) {
      boolean selected =
          switch (request.getSelectorCase()) {
            case SOURCE -> request.getSource().equals(event.getSource());
            case FILTER -> FakeLog.matches(request.getFilter(), event);
            case SELECTOR_NOT_SET -> true;
          };
      return selected
          && (request.getStartCase() != SubscribeRequest.StartCase.AFTER_VERSION
              || event.getVersion() > request.getAfterVersion());
    }

    private SubscribeResponse.Builder response() {
      return SubscribeResponse.newBuilder().setLogIdentity(log.identity);
    }
  }
}
