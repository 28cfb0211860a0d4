package io.varve.node.cluster;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.varve.proto.peer.v1.FoundRequest;
import io.varve.proto.peer.v1.FoundResponse;
import io.varve.proto.peer.v1.JoinRequest;
import io.varve.proto.peer.v1.JoinResponse;
import io.varve.proto.peer.v1.PeerServiceGrpc;
import io.varve.proto.peer.v1.ProbeRequest;
import io.varve.proto.peer.v1.ProbeResponse;
import io.varve.proto.peer.v1.PromoteRequest;
import io.varve.proto.peer.v1.PromoteResponse;
import io.varve.proto.peer.v1.ReadIndexRequest;
import io.varve.proto.peer.v1.ReadIndexResponse;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/**
 * The peer service. Probes are answered at once; whatever waits for Raft runs on the node's own
 * thread, so that it never occupies the caller's.
 */
final class PeerEndpoint extends PeerServiceGrpc.PeerServiceImplBase {

  private final Formation formation;
  private final Executor worker;

  PeerEndpoint(Formation formation, Executor worker) {
    this.formation = formation;
    this.worker = worker;
  }

  @Override
  public void probe(ProbeRequest request, StreamObserver<ProbeResponse> observer) {
    answer(observer, formation::probe);
  }

  @Override
  public void found(FoundRequest request, StreamObserver<FoundResponse> observer) {
    later(
        observer,
        () -> {
          formation.found(request);
          return FoundResponse.getDefaultInstance();
        });
  }

  @Override
  public void join(JoinRequest request, StreamObserver<JoinResponse> observer) {
    later(observer, () -> formation.join(request));
  }

  @Override
  public void promote(PromoteRequest request, StreamObserver<PromoteResponse> observer) {
    later(
        observer,
        () -> {
          formation.promote(request);
          return PromoteResponse.getDefaultInstance();
        });
  }

  @Override
  public void readIndex(ReadIndexRequest request, StreamObserver<ReadIndexResponse> observer) {
    var unused =
        formation
            .readIndex(request)
            .whenComplete(
                (index, e) ->
                    answer(
                        observer,
                        () -> {
                          if (e != null) {
                            throw Status.UNAVAILABLE
                                .withDescription("no read index: " + e)
                                .asRuntimeException();
                          }
                          return ReadIndexResponse.newBuilder().setReadIndex(index).build();
                        }));
  }

  private <T> void later(StreamObserver<T> observer, Supplier<T> work) {
    try {
      worker.execute(() -> answer(observer, work));
    } catch (RejectedExecutionException e) {
      observer.onError(
          Status.RESOURCE_EXHAUSTED
              .withDescription("too many peers ask at once, or the node is closing")
              .asRuntimeException());
    }
  }

  private static <T> void answer(StreamObserver<T> observer, Supplier<T> work) {
    T response;
    try {
      response = work.get();
    } catch (StatusRuntimeException e) {
      observer.onError(e);
      return;
    } catch (RuntimeException e) {
      observer.onError(
          Status.INTERNAL.withDescription(e.toString()).withCause(e).asRuntimeException());
      return;
    }
    observer.onNext(response);
    observer.onCompleted();
  }
}
