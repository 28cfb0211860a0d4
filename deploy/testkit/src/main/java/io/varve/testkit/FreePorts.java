package io.varve.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports of the loopback address that nobody listens on, below those that systems hand out for
 * outgoing connections: a node that is restarted finds its port still free. Thread-safe.
 */
final class FreePorts {

  private static final int LOWEST = 12_000;
  private static final int HIGHEST = 32_000;
  private static final int ATTEMPTS = 1_000;
  private static final Set<Integer> GIVEN = new HashSet<>();

  private FreePorts() {}

  /** A port never given before in this process, as long as there are any. */
  static synchronized int next() {
    if (GIVEN.size() > (HIGHEST - LOWEST) / 2) {
      GIVEN.clear(); // a long series of tests: those of its beginning are free again
    }
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
      if (!GIVEN.contains(port) && isFree(port)) {
        GIVEN.add(port);
        return port;
      }
    }
    throw new IllegalStateException("found no free port in " + ATTEMPTS + " attempts");
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
