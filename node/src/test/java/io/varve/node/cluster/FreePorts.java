package io.varve.node.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports of the loopback address for tests, also those of other modules. They lie below the range
 * from which the system takes those of outgoing connections, and each belongs to a block that is
 * this process's as long as it lives, whichever other tests run on the machine: who is stopped and
 * started again finds its port still free. Thread-safe.
 */
public final class FreePorts {

  private static final int LOWEST = 12_000;
  private static final int BLOCK = 100;
  private static final int BLOCKS = 80;

  /** Each listens at the first port of a block, and so keeps it from other processes. */
  private static final List<ServerSocket> GUARDS = new ArrayList<>();

  private static int next;
  private static int end;

  private FreePorts() {}

  /** A port that nobody listens at, never given twice in this process. */
  public static synchronized int next() {
    while (true) {
      if (next == end) {
        ServerSocket guard = claim();
        GUARDS.add(guard);
        next = guard.getLocalPort() + 1;
        end = guard.getLocalPort() + BLOCK;
      }
      int port = next++;
      if (isFree(port)) {
        return port;
      }
    }
  }

  private static ServerSocket claim() {
    int first = ThreadLocalRandom.current().nextInt(BLOCKS);
    for (int i = 0; i < BLOCKS; i++) {
      try {
        return listen(LOWEST + (first + i) % BLOCKS * BLOCK);
      } catch (IOException taken) {
        // Another one.
      }
    }
    throw new IllegalStateException("all " + BLOCKS + " blocks of ports are taken");
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = listen(port)) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }

  private static ServerSocket listen(int port) throws IOException {
    return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
  }
}
