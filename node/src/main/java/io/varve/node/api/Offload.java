package io.varve.node.api;

import io.grpc.Context;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.varve.node.wire.ErrorException;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.ErrorCode;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Runs unary calls that may block (they ask other nodes, or write to disk) on threads of their own:
 * everything else runs on the transport's, which must never wait.
 */
final class Offload implements ServerInterceptor {

  private final Executor executor;

  Offload(Executor executor) {
    this.executor = executor;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
      @Override
      public void onHalfClose() {
        // The stub calls the service's method here, when the request is complete.
        Context context = Context.current();
        try {
          executor.execute(context.wrap(this::serve));
        } catch (RejectedExecutionException e) {
          fail(
              new ErrorException(
                  ErrorCode.ERROR_CODE_OVERLOADED,
                  "this node has as many calls about the cluster as it takes"));
        }
      }

      private void serve() {
        try {
          super.onHalfClose();
        } catch (RuntimeException e) {
          fail(e);
        }
      }

      private void fail(RuntimeException e) {
        var status = Statuses.of(Errors.of(e));
        Metadata trailers = status.getTrailers();
        call.close(status.getStatus(), trailers == null ? new Metadata() : trailers);
      }
    };
  }
}
