package io.varve.gateway.sse;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A line that can be cut, and led elsewhere. */
final class Forwarder implements AutoCloseable {
  private final ServerSocket listening;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile int to;

  Forwarder(int to) {
    this.to = to;
    try {
      listening = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start(this::accept);
  }

  int port() {
    return listening.getLocalPort();
  }

  /** How many lines are open, both ends counted. */
  int connections() {
    return open.size();
  }

  /** Cuts all connections. */
  void cut() {
    open.forEach(Forwarder::closeQuietly);
  }

  /** Leads to another port from now on. */
  void leadTo(int port) {
    to = port;
    cut();
  }

  private void accept() {
    try {
      while (true) {
        Socket here = listening.accept();
        Socket there = new Socket(InetAddress.getLoopbackAddress(), to);
        here.setTcpNoDelay(true);
        there.setTcpNoDelay(true);
        open.add(here);
        open.add(there);
        start(() -> copy(here, there));
        start(() -> copy(there, here));
      }
    } catch (IOException closed) {
      // Over.
    }
  }

  private void copy(Socket from, Socket into) {
    try (from;
        into) {
      InputStream in = from.getInputStream();
      byte[] bytes = new byte[8192];
      for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
        into.getOutputStream().write(bytes, 0, read);
      }
    } catch (IOException cut) {
      // As is meant.
    } finally {
      open.remove(from);
      open.remove(into);
    }
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "forwarder");
    thread.setDaemon(true);
    thread.start();
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      listening.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    cut();
  }
}
