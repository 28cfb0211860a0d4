package io.varve.node.api;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.varve.node.metrics.Metrics;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.ErrorCode;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Bounds connections. gRPC cannot turn one away, so those past the bound have their calls refused;
 * as they then never have one, they are closed as idle. Thread-safe.
 */
final class ConnectionLimit extends ServerTransportFilter implements ServerInterceptor {

  private static final Attributes.Key<Boolean> PAST_THE_BOUND =
      Attributes.Key.create("varve-connection-past-the-bound");

  private final int maxConnections;
  private final AtomicInteger connections = new AtomicInteger();

  ConnectionLimit(int maxConnections, Metrics metrics) {
    this.maxConnections = maxConnections;
    metrics.gauge(
        "varve_grpc_connections_open", "Connections to the gRPC server.", connections::get);
  }

  @Override
  public Attributes transportReady(Attributes attributes) {
    boolean past = connections.incrementAndGet() > maxConnections;
    return past ? attributes.toBuilder().set(PAST_THE_BOUND, true).build() : attributes;
  }

  @Override
  public void transportTerminated(Attributes attributes) {
    connections.decrementAndGet();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (call.getAttributes().get(PAST_THE_BOUND) == null) {
      return next.startCall(call, headers);
    }
    StatusRuntimeException refused =
        Statuses.of(
            Errors.of(
                ErrorCode.ERROR_CODE_OVERLOADED,
                "this node serves at most " + maxConnections + " connections"));
    Status status = refused.getStatus();
    Metadata trailers = refused.getTrailers();
    call.close(status, trailers == null ? new Metadata() : trailers);
    return new ServerCall.Listener<>() {};
  }
}
