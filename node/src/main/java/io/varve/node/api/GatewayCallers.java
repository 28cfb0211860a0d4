package io.varve.node.api;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.varve.node.security.BearerHeader;
import io.varve.node.security.GatewayTokens;

/** Tells the calls of gateways from those of others, by the bearer token they carry. */
final class GatewayCallers implements ServerInterceptor {

  /** Only calls that are not a gateway's say so: most nodes' calls need no context of their own. */
  private static final Context.Key<Boolean> IS_GATEWAY =
      Context.keyWithDefault("varve-is-gateway", true);

  private final GatewayTokens tokens;

  GatewayCallers(GatewayTokens tokens) {
    this.tokens = tokens;
  }

  /** Whether the call that is being handled on this thread may do what only gateways may. */
  static boolean isGateway() {
    return IS_GATEWAY.get();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (!tokens.required() || BearerHeader.token(headers).filter(tokens::include).isPresent()) {
      return next.startCall(call, headers);
    }
    return Contexts.interceptCall(
        Context.current().withValue(IS_GATEWAY, false), call, headers, next);
  }
}
