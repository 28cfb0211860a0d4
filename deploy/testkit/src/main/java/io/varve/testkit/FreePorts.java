package io.varve.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports of the loopback address for servers in tests: below those that systems hand out for
 * outgoing connections, and in blocks that are this process's as long as it lives, whatever tests
 * run beside it. A server that is stopped and started again finds its port still free. Thread-safe.
 */
public final class FreePorts {

  private static final int LOWEST = 12_000;
  private static final int BLOCK = 100;
  private static final int BLOCKS = 80;

  /**
   * Blocks that one process keeps: a long series of tests gets the ports of its beginning again.
   */
  private static final int MOST = 10;

  /** Each listens at the first port of a block, which keeps it from other processes. */
  private static final Deque<ServerSocket> GUARDS = new ArrayDeque<>();

  private static int next;
  private static int end;

  private FreePorts() {}

  /**
   * A port, 12,001 to 19,999, that nobody listens at. None is given a second time before some 1,000
   * others were.
   *
   * @throws IllegalStateException if there is none
   */
  public static synchronized int next() {
    for (int attempt = 0; attempt < MOST * BLOCK; attempt++) {
      if (next == end) {
        ServerSocket guard = GUARDS.size() < MOST ? claim() : GUARDS.removeFirst();
        GUARDS.addLast(guard);
        next = guard.getLocalPort() + 1;
        end = guard.getLocalPort() + BLOCK;
      }
      int port = next++;
      if (isFree(port)) {
        return port;
      }
    }
    throw new IllegalStateException("found no free port");
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
