package io.varve.node.api;

import java.time.Duration;

/**
 * How connections to the gRPC server are kept and bounded. A connection that works is never closed
 * for its age: subscriptions may last for months.
 *
 * @param maxConnections how many there may be; calls over further ones are refused with
 *     RESOURCE_EXHAUSTED
 * @param keepAliveTime after so long without a word from a client it is asked whether it is there
 * @param keepAliveTimeout how long it may take to answer, before its connection is closed and its
 *     calls are cancelled
 * @param minClientKeepAlive a client that asks the same more often than this is sent away
 * @param connectionIdle a connection without a call is closed after so long
 */
public record ConnectionOptions(
    int maxConnections,
    Duration keepAliveTime,
    Duration keepAliveTimeout,
    Duration minClientKeepAlive,
    Duration connectionIdle) {

  public ConnectionOptions {
    if (maxConnections <= 0
        || keepAliveTime.toMillis() <= 0
        || keepAliveTimeout.toMillis() <= 0
        || minClientKeepAlive.toMillis() <= 0
        || connectionIdle.toMillis() <= 0) {
      throw new IllegalArgumentException("bounds must be positive");
    }
  }

  /** 4,096 connections; asked after 30 s, answered in 10 s; asking at most each 1 s; 15 min. */
  public static ConnectionOptions defaults() {
    return new ConnectionOptions(
        4_096,
        Duration.ofSeconds(30),
        Duration.ofSeconds(10),
        Duration.ofSeconds(1),
        Duration.ofMinutes(15));
  }

  /** These, with another number of connections. */
  public ConnectionOptions withMaxConnections(int connections) {
    return new ConnectionOptions(
        connections, keepAliveTime, keepAliveTimeout, minClientKeepAlive, connectionIdle);
  }

  /** These, with other patience for connections nobody uses. */
  public ConnectionOptions withConnectionIdle(Duration idle) {
    return new ConnectionOptions(
        maxConnections, keepAliveTime, keepAliveTimeout, minClientKeepAlive, idle);
  }

  /** These, with other patience for clients that say nothing. */
  public ConnectionOptions withKeepAlive(Duration time, Duration timeout) {
    return new ConnectionOptions(maxConnections, time, timeout, minClientKeepAlive, connectionIdle);
  }
}
