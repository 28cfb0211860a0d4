package io.varve.gateway.http;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * What the gateway's routes hold at most.
 *
 * @param bodyBytes the largest body of a request, bytes; default 6 MiB
 * @param heldBodyBytes bodies of all requests under way together, bytes; default 64 MiB. A body
 *     whose length is not declared counts as the largest
 * @param heldPageBytes pages that are being sent, together, bytes; default 64 MiB
 * @param waiters requests that wait for an event at a time; default 512. Each is a subscription
 * @param readers pages that are being read at a time; default 16. Each is a thread
 * @param queuedReads pages that wait to be read; default 1,024
 * @param connections open connections, streams' included; default 8,192. A further one is closed at
 *     once
 * @param requestTimeout how long a request may take from its headers until it is answered, its body
 *     and a long poll's wait included; 1 s to 10 min, default 90 s, which is above the longest wait
 *     (60 s) and the cluster's deadline together. Streams have none once they have begun
 * @param idleTimeout how long a connection may be without a request: before its first, between two,
 *     and while the headers of one arrive, however slowly; 1 s to 10 min, default 15 s
 */
public record Limits(
    long bodyBytes,
    long heldBodyBytes,
    long heldPageBytes,
    int waiters,
    int readers,
    int queuedReads,
    int connections,
    Duration requestTimeout,
    Duration idleTimeout) {

  private static final Duration LEAST_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration MOST_TIMEOUT = Duration.ofMinutes(10);

  /** Bytes in a MiB. */
  private static final long MIB = 1L << 20;

  public Limits {
    require(bodyBytes, 1, 64 * MIB, "bodyBytes");
    require(heldBodyBytes, bodyBytes, Long.MAX_VALUE, "heldBodyBytes");
    require(heldPageBytes, 2L * Page.MAX_BYTES, Long.MAX_VALUE, "heldPageBytes");
    require(waiters, 1, 65_536, "waiters");
    require(readers, 1, 1_024, "readers");
    require(queuedReads, 1, 1_048_576, "queuedReads");
    require(connections, 1, 1_048_576, "connections");
    require(requestTimeout, "requestTimeout");
    require(idleTimeout, "idleTimeout");
  }

  /** The defaults. */
  public static Limits defaults() {
    return new Limits(
        6 * MIB,
        64 * MIB,
        64 * MIB,
        512,
        16,
        1_024,
        8_192,
        Duration.ofSeconds(90),
        Duration.ofSeconds(15));
  }

  /** The same with another bound of bodies together. */
  public Limits withHeldBodyBytes(long bytes) {
    return with(copy -> copy.heldBodyBytes = bytes);
  }

  /** The same with another bound of pages together. */
  public Limits withHeldPageBytes(long bytes) {
    return with(copy -> copy.heldPageBytes = bytes);
  }

  /** The same with another bound of requests that wait. */
  public Limits withWaiters(int count) {
    return with(copy -> copy.waiters = count);
  }

  /** The same with another bound of connections. */
  public Limits withConnections(int count) {
    return with(copy -> copy.connections = count);
  }

  /** The same with another time for a request. */
  public Limits withRequestTimeout(Duration time) {
    return with(copy -> copy.requestTimeout = time);
  }

  /** The same with another time for a connection without a request. */
  public Limits withIdleTimeout(Duration time) {
    return with(copy -> copy.idleTimeout = time);
  }

  private static void require(long value, long min, long max, String name) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(name + " must be " + min + " to " + max + ": " + value);
    }
  }

  private static void require(Duration time, String name) {
    if (time.compareTo(LEAST_TIMEOUT) < 0 || time.compareTo(MOST_TIMEOUT) > 0) {
      throw new IllegalArgumentException(
          name
              + " must be "
              + LEAST_TIMEOUT.toSeconds()
              + " s to "
              + MOST_TIMEOUT.toMinutes()
              + " min: "
              + time);
    }
  }

  private Limits with(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return copy.build();
  }

  /** The same components, to be changed. */
  private static final class Copy {
    private long bodyBytes;
    private long heldBodyBytes;
    private long heldPageBytes;
    private int waiters;
    private int readers;
    private int queuedReads;
    private int connections;
    private Duration requestTimeout;
    private Duration idleTimeout;

    private Copy(Limits of) {
      bodyBytes = of.bodyBytes;
      heldBodyBytes = of.heldBodyBytes;
      heldPageBytes = of.heldPageBytes;
      waiters = of.waiters;
      readers = of.readers;
      queuedReads = of.queuedReads;
      connections = of.connections;
      requestTimeout = of.requestTimeout;
      idleTimeout = of.idleTimeout;
    }

    private Limits build() {
      return new Limits(
          bodyBytes,
          heldBodyBytes,
          heldPageBytes,
          waiters,
          readers,
          queuedReads,
          connections,
          requestTimeout,
          idleTimeout);
    }
  }
}
