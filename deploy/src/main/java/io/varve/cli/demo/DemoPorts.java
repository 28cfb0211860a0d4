package io.varve.cli.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The loopback ports of the demonstration: three for clients from {@code base} on, then three for
 * the nodes among themselves, then their three admin ports, then the gateway's.
 *
 * @param base the first one, 1 to 65,526
 */
public record DemoPorts(int base) {

  /** Three nodes: the smallest cluster that survives the loss of one. */
  public static final int NODES = 3;

  /** Where the demonstration listens unless told otherwise. */
  public static final int DEFAULT_BASE = 4700;

  /** How many there are. */
  static final int COUNT = 3 * NODES + 1;

  private static final int MAX_BASE = 65_536 - COUNT;
  private static final String LOOPBACK = "127.0.0.1";

  /** Free blocks are looked for here: below the ports that systems hand out for connections. */
  private static final int FREE_FROM = 20_000;

  private static final int FREE_TO = 30_000;
  private static final int FREE_ATTEMPTS = 200;

  public DemoPorts {
    if (base < 1 || base > MAX_BASE) {
      throw new IllegalArgumentException("the first port must be 1 to " + MAX_BASE + ": " + base);
    }
  }

  /** Those the demonstration uses unless told otherwise. */
  public static DemoPorts defaults() {
    return new DemoPorts(DEFAULT_BASE);
  }

  /**
   * Some that nobody listens on at the moment.
   *
   * @throws IllegalStateException if none were found
   */
  public static DemoPorts free() {
    for (int attempt = 0; attempt < FREE_ATTEMPTS; attempt++) {
      DemoPorts ports = new DemoPorts(ThreadLocalRandom.current().nextInt(FREE_FROM, FREE_TO));
      if (ports.firstInUse().isEmpty()) {
        return ports;
      }
    }
    throw new IllegalStateException("found no " + COUNT + " free ports in a row");
  }

  /** The first of these ports that somebody listens on already. */
  public OptionalInt firstInUse() {
    return IntStream.range(base, base + COUNT).filter(DemoPorts::inUse).findFirst();
  }

  /** Where clients reach a node, 0 to 2. */
  public String clientAddress(int node) {
    return LOOPBACK + ":" + (base + node);
  }

  /** Where its peers reach a node, 0 to 2. */
  public String peerAddress(int node) {
    return LOOPBACK + ":" + (base + NODES + node);
  }

  /** The admin port of a node, 0 to 2. */
  public String adminAddress(int node) {
    return LOOPBACK + ":" + (base + 2 * NODES + node);
  }

  /** Where browsers and devices reach the gateway. */
  public String httpAddress() {
    return LOOPBACK + ":" + httpPort();
  }

  /** The gateway's port. */
  int httpPort() {
    return base + 3 * NODES;
  }

  /** Where clients reach the nodes, separated by commas. */
  public String clientAddresses() {
    return joined(this::clientAddress);
  }

  /** The nodes' admin ports, separated by commas. */
  public String adminAddresses() {
    return joined(this::adminAddress);
  }

  /** The line that says that all are of use, and where. */
  public String readyLine() {
    return "ready grpc="
        + clientAddresses()
        + " admin="
        + adminAddresses()
        + " http="
        + httpAddress();
  }

  private static String joined(IntFunction<String> address) {
    return IntStream.range(0, NODES).mapToObj(address).collect(Collectors.joining(","));
  }

  private static boolean inUse(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      // Connections of an earlier run that still linger do not count.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return false;
    } catch (IOException e) {
      return true;
    }
  }
}
