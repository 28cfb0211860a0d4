package io.varve.node.api;

import io.varve.node.security.GatewayTokens;
import java.time.Duration;

/**
 * Bounds of the gRPC server.
 *
 * @param maxMessageBytes the largest message it reads. Larger than the largest append, so that an
 *     append over its limit is still answered precisely; what is larger than this is answered by
 *     gRPC itself, with RESOURCE_EXHAUSTED
 * @param maxCallsPerConnection how many calls one connection may have open
 * @param blockingThreads how many calls that may block are served at a time
 * @param drain how long open calls may go on when the server stops
 * @param connections how connections are kept and bounded
 * @param gateways who may do what only gateways may
 */
public record ApiOptions(
    int maxMessageBytes,
    int maxCallsPerConnection,
    int blockingThreads,
    Duration drain,
    ConnectionOptions connections,
    GatewayTokens gateways) {

  /** 16 MiB, 4,096 calls, 8 threads, 2 s; every caller counts as a gateway. */
  public static ApiOptions defaults() {
    return new ApiOptions(
        16 << 20,
        4_096,
        8,
        Duration.ofSeconds(2),
        ConnectionOptions.defaults(),
        GatewayTokens.none());
  }

  /** These, with other patience when the server stops. */
  public ApiOptions withDrain(Duration newDrain) {
    return new ApiOptions(
        maxMessageBytes, maxCallsPerConnection, blockingThreads, newDrain, connections, gateways);
  }

  /** These, with other connections. */
  public ApiOptions withConnections(ConnectionOptions newConnections) {
    return new ApiOptions(
        maxMessageBytes, maxCallsPerConnection, blockingThreads, drain, newConnections, gateways);
  }

  /** These, with other tokens of gateways. */
  public ApiOptions withGateways(GatewayTokens tokens) {
    return new ApiOptions(
        maxMessageBytes, maxCallsPerConnection, blockingThreads, drain, connections, tokens);
  }
}
