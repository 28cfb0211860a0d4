package io.varve.node.api;

import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.node.read.LogReads;
import io.varve.node.routing.AppendRouter;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.Error;
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
import io.varve.proto.v1.ReadLatestRequest;
import io.varve.proto.v1.ReadLatestResponse;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.ReadResponse;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.proto.v1.SubscribeResponse;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The log's calls. */
final class LogService extends LogServiceGrpc.LogServiceImplBase {

  private final LogGate gate;
  private final AppendRouter router;
  private final LogReads reads;

  LogService(LogGate gate, AppendRouter router, LogReads reads) {
    this.gate = gate;
    this.router = router;
    this.reads = reads;
  }

  /**
   * The service with AppendStream handled below the stub: it needs the call's headers, and an
   * append there should cost as little as possible.
   */
  ServerServiceDefinition definition() {
    ServerServiceDefinition generated = bindService();
    ServerServiceDefinition.Builder service =
        ServerServiceDefinition.builder(generated.getServiceDescriptor());
    String appendStream = LogServiceGrpc.getAppendStreamMethod().getFullMethodName();
    for (ServerMethodDefinition<?, ?> method : generated.getMethods()) {
      if (!method.getMethodDescriptor().getFullMethodName().equals(appendStream)) {
        service.addMethod(method);
      }
    }
    return service
        .addMethod(
            LogServiceGrpc.getAppendStreamMethod(),
            (call, headers) -> AppendStreamCall.start(call, headers, gate, router))
        .build();
  }

  @Override
  public StreamObserver<AppendStreamRequest> appendStream(
      StreamObserver<AppendStreamResponse> responses) {
    throw new IllegalStateException("served by AppendStreamCall");
  }

  @Override
  public void append(AppendRequest request, StreamObserver<AppendResponse> responses) {
    Optional<Error> error =
        gate.checkAppend(
            request.getLog(),
            request.getLogIdentity(),
            request.getAppend(),
            GatewayCallers.isGateway());
    if (error.isPresent()) {
      responses.onError(Statuses.of(error.get()));
    } else {
      UnaryAppend.start(request, (ServerCallStreamObserver<AppendResponse>) responses, router);
    }
  }

  @Override
  public void getAppend(GetAppendRequest request, StreamObserver<GetAppendResponse> responses) {
    answer(
        gate.checkRead(request.getLog(), request.getLogIdentity()),
        () -> reads.append(request, CallDeadline.ofCurrentCall()),
        responses);
  }

  @Override
  public void read(ReadRequest request, StreamObserver<ReadResponse> responses) {
    Optional<Error> error = gate.checkRead(request.getLog(), request.getLogIdentity());
    if (error.isPresent()) {
      responses.onError(Statuses.of(error.get()));
    } else {
      reads.read(request, sink(responses), CallDeadline.ofCurrentCall());
    }
  }

  @Override
  public void subscribe(SubscribeRequest request, StreamObserver<SubscribeResponse> responses) {
    Optional<Error> error = gate.checkRead(request.getLog(), request.getLogIdentity());
    if (error.isPresent()) {
      responses.onError(Statuses.of(error.get()));
    } else {
      reads.subscribe(request, sink(responses), CallDeadline.ofCurrentCall());
    }
  }

  @Override
  public void getSource(GetSourceRequest request, StreamObserver<GetSourceResponse> responses) {
    answer(
        gate.checkRead(request.getLog(), request.getLogIdentity()),
        () -> reads.source(request, CallDeadline.ofCurrentCall()),
        responses);
  }

  @Override
  public void getHead(GetHeadRequest request, StreamObserver<GetHeadResponse> responses) {
    answer(
        gate.checkRead(request.getLog(), request.getLogIdentity()),
        () -> reads.head(request, CallDeadline.ofCurrentCall()),
        responses);
  }

  @Override
  public void readLatest(ReadLatestRequest request, StreamObserver<ReadLatestResponse> responses) {
    answer(
        gate.checkRead(request.getLog(), request.getLogIdentity()),
        () -> reads.latest(request, CallDeadline.ofCurrentCall()),
        responses);
  }

  @Override
  public void listSources(
      ListSourcesRequest request, StreamObserver<ListSourcesResponse> responses) {
    answer(
        gate.checkRead(request.getLog(), request.getLogIdentity()),
        () -> reads.sources(request, CallDeadline.ofCurrentCall()),
        responses);
  }

  @Override
  public void getPosition(
      GetPositionRequest request, StreamObserver<GetPositionResponse> responses) {
    answer(
        gate.checkRead(request.getLog(), request.getLogIdentity()),
        () -> reads.position(request, CallDeadline.ofCurrentCall()),
        responses);
  }

  @Override
  public void getOrigin(GetOriginRequest request, StreamObserver<GetOriginResponse> responses) {
    answer(
        gate.checkRead(request.getLog(), request.getLogIdentity()),
        () -> reads.origin(request, CallDeadline.ofCurrentCall()),
        responses);
  }

  @Override
  public void getChainHash(
      GetChainHashRequest request, StreamObserver<GetChainHashResponse> responses) {
    answer(
        gate.checkRead(request.getLog(), request.getLogIdentity()),
        () -> reads.chainHash(request, router.nodeId(), CallDeadline.ofCurrentCall()),
        responses);
  }

  private static <T> ObserverSink<T> sink(StreamObserver<T> responses) {
    return new ObserverSink<>((ServerCallStreamObserver<T>) responses);
  }

  /** Answers a call, unless it was refused; a caller that is gone is waited for no more. */
  private static <T> void answer(
      Optional<Error> refused, Supplier<CompletableFuture<T>> call, StreamObserver<T> responses) {
    if (refused.isPresent()) {
      responses.onError(Statuses.of(refused.get()));
      return;
    }
    CompletableFuture<T> answer = call.get();
    ((ServerCallStreamObserver<T>) responses).setOnCancelHandler(() -> answer.cancel(false));
    CompletableFuture<T> unused =
        answer.whenComplete(
            (response, failure) -> {
              if (answer.isCancelled()) {
                return; // nobody is there to be told
              }
              if (failure == null) {
                responses.onNext(response);
                responses.onCompleted();
              } else {
                responses.onError(Statuses.of(Errors.of(failure)));
              }
            });
  }
}
