package io.varve.gateway.http;

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
 * @param connections open connections, streams' included; default 8,192
 */
public record Limits(
    long bodyBytes,
    long heldBodyBytes,
    long heldPageBytes,
    int waiters,
    int readers,
    int queuedReads,
    int connections) {

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
  }

  /** The defaults. */
  public static Limits defaults() {
    return new Limits(6 * MIB, 64 * MIB, 64 * MIB, 512, 16, 1_024, 8_192);
  }

  /** The same with another bound of bodies together. */
  public Limits withHeldBodyBytes(long bytes) {
    return new Limits(bodyBytes, bytes, heldPageBytes, waiters, readers, queuedReads, connections);
  }

  /** The same with another bound of pages together. */
  public Limits withHeldPageBytes(long bytes) {
    return new Limits(bodyBytes, heldBodyBytes, bytes, waiters, readers, queuedReads, connections);
  }

  /** The same with another bound of requests that wait. */
  public Limits withWaiters(int count) {
    return new Limits(
        bodyBytes, heldBodyBytes, heldPageBytes, count, readers, queuedReads, connections);
  }

  /** The same with another bound of connections. */
  public Limits withConnections(int count) {
    return new Limits(
        bodyBytes, heldBodyBytes, heldPageBytes, waiters, readers, queuedReads, count);
  }

  private static void require(long value, long min, long max, String name) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(name + " must be " + min + " to " + max + ": " + value);
    }
  }
}
