package io.varve.node.ops;

import io.varve.node.cluster.HostAndPort;
import java.time.Duration;
import java.util.Optional;

/**
 * Bounds of the admin port.
 *
 * @param listen where it listens; empty = it is not served
 * @param maxConnections how many connections may be open; further ones are closed at once
 * @param requestTimeout how long a connection may last, from its opening to the last byte of its
 *     answer
 */
public record AdminOptions(
    Optional<HostAndPort> listen, int maxConnections, Duration requestTimeout) {

  public AdminOptions {
    if (maxConnections <= 0) {
      throw new IllegalArgumentException("maxConnections must be positive");
    }
    if (requestTimeout.toMillis() <= 0) {
      throw new IllegalArgumentException("requestTimeout must be positive");
    }
  }

  /**
   * Any free port of the loopback address, 64 connections, 10 s. On loopback, because what it tells
   * is told to everybody who asks; on any free port, because several nodes may share a machine.
   */
  public static AdminOptions defaults() {
    return new AdminOptions(
        Optional.of(new HostAndPort("127.0.0.1", 0)), 64, Duration.ofSeconds(10));
  }

  /** These, listening elsewhere. */
  public AdminOptions withListen(HostAndPort address) {
    return new AdminOptions(Optional.of(address), maxConnections, requestTimeout);
  }

  /** These, not served. */
  public AdminOptions off() {
    return new AdminOptions(Optional.empty(), maxConnections, requestTimeout);
  }

  /** These, with other bounds on connections. */
  public AdminOptions withConnections(int connections, Duration timeout) {
    return new AdminOptions(listen, connections, timeout);
  }
}
