package io.varve.node.api;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.varve.node.routing.AppendRouter;

/** Tells callers who leads, in the headers and trailers of every answer. */
final class LeaderHeader implements ServerInterceptor {

  /**
   * Where the leader's API is, HOST:PORT, as the answering node knows it; absent while it knows no
   * leader. A caller that goes there directly saves its appends a hop.
   */
  static final Metadata.Key<String> LEADER =
      Metadata.Key.of("varve-leader", Metadata.ASCII_STRING_MARSHALLER);

  private final AppendRouter router;

  LeaderHeader(AppendRouter router) {
    this.router = router;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    return next.startCall(
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void sendHeaders(Metadata answerHeaders) {
            tell(answerHeaders);
            super.sendHeaders(answerHeaders);
          }

          @Override
          public void close(Status status, Metadata trailers) {
            tell(trailers);
            super.close(status, trailers);
          }
        },
        headers);
  }

  private void tell(Metadata metadata) {
    router
        .leader()
        .ifPresent(
            leader -> {
              metadata.discardAll(LEADER);
              metadata.put(LEADER, leader.address());
            });
  }
}
