package io.varve.node.api;

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
 */
public record ApiOptions(
    int maxMessageBytes,
    int maxCallsPerConnection,
    int blockingThreads,
    Duration drain,
    ConnectionOptions connections) {

  /** 16 MiB, 4,096 calls, 8 threads, 2 s. */
  public static ApiOptions defaults() {
    return new ApiOptions(16 << 20, 4_096, 8, Duration.ofSeconds(2), ConnectionOptions.defaults());
  }

  /** These, with other patience when the server stops. */
  public ApiOptions withDrain(Duration newDrain) {
    return new ApiOptions(
        maxMessageBytes, maxCallsPerConnection, blockingThreads, newDrain, connections);
  }

  /** These, with other connections. */
  public ApiOptions withConnections(ConnectionOptions newConnections) {
    return new ApiOptions(
        maxMessageBytes, maxCallsPerConnection, blockingThreads, drain, newConnections);
  }
}
