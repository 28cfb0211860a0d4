package io.varve.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A loopback TCP proxy before a node's client port that can lose replies: it goes on forwarding
 * requests, throws away what the node answers, and then cuts the connections. It knows bytes only,
 * so what the client sees is what a broken network shows it.
 *
 * <p>Thread-safe.
 */
final class CuttingProxy implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 * 1024;
  private static final long NO_CUT_ORDERED = Long.MAX_VALUE;

  private enum Mode {
    FORWARD,
    SWALLOW_REPLIES,
    STALL,
    REFUSE
  }

  private final ServerSocket listener;
  private final int targetPort;
  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private final AtomicLong connections = new AtomicLong();
  private final AtomicLong cutConnections = new AtomicLong();
  private final AtomicLong requestBytes = new AtomicLong();
  private final AtomicLong replyBytes = new AtomicLong();
  private final AtomicLong swallowedBytes = new AtomicLong();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition modeChanged = lock.newCondition();
  private long requestBytesUntilCut = NO_CUT_ORDERED; // guarded by lock
  private volatile Mode mode = Mode.FORWARD;
  private volatile boolean closed;

  /**
   * Listens at once.
   *
   * @param port the loopback port to listen at; 0 = any
   * @param targetPort the loopback port to forward to
   */
  CuttingProxy(int port, int targetPort) {
    this.targetPort = targetPort;
    try {
      listener = new ServerSocket();
      listener.setReuseAddress(true);
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    daemon("proxy-accept-" + listener.getLocalPort(), this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  /** Connections accepted so far. */
  long connections() {
    return connections.get();
  }

  /** Connections cut so far. */
  long cutConnections() {
    return cutConnections.get();
  }

  /** Bytes of requests handed to the node so far. */
  long requestBytes() {
    return requestBytes.get();
  }

  /** Bytes of replies handed to the client so far. */
  long replyBytes() {
    return replyBytes.get();
  }

  /** Bytes of replies that the node sent and the client never saw. */
  long swallowedBytes() {
    return swallowedBytes.get();
  }

  /** From now on replies are thrown away; requests still reach the node. Ends with a cut. */
  void swallowReplies() {
    enter(Mode.SWALLOW_REPLIES);
  }

  /** From now on nothing moves in either direction, and nothing is closed. */
  void stall() {
    enter(Mode.STALL);
  }

  /** From now on new connections are closed as soon as they are accepted. */
  void refuse() {
    enter(Mode.REFUSE);
  }

  /** Cuts every connection with a reset. New ones are accepted, in whatever mode is on. */
  void cut() {
    links.forEach(Link::cut);
  }

  /** Lets that many more request bytes reach the node and cuts every connection instead of more. */
  void cutAfterRequestBytes(long bytes) {
    orderCut(bytes);
  }

  /** Forwards again. Connections that have lost replies cannot go on: they are cut first. */
  void forward() {
    links.stream().filter(link -> link.lostReplies).forEach(Link::cut);
    orderCut(NO_CUT_ORDERED);
    enter(Mode.FORWARD);
  }

  @Override
  public void close() {
    closed = true;
    closeQuietly(listener);
    links.forEach(Link::cut);
    enter(Mode.REFUSE);
  }

  private void orderCut(long bytes) {
    lock.lock();
    try {
      requestBytesUntilCut = bytes;
    } finally {
      lock.unlock();
    }
  }

  private void enter(Mode next) {
    lock.lock();
    try {
      mode = next;
      modeChanged.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits while the proxy stalls; answers the mode that then holds. */
  private Mode gate(Link link) throws InterruptedException {
    if (mode == Mode.STALL) {
      lock.lock();
      try {
        while (mode == Mode.STALL && !link.client.isClosed()) {
          modeChanged.await();
        }
      } finally {
        lock.unlock();
      }
    }
    return mode;
  }

  /** How many of these request bytes may still pass before the cut that was ordered. */
  private int grant(int count) {
    lock.lock();
    try {
      if (requestBytesUntilCut == NO_CUT_ORDERED) {
        return count;
      }
      int granted = (int) Math.min(count, requestBytesUntilCut);
      requestBytesUntilCut = granted < count ? NO_CUT_ORDERED : requestBytesUntilCut - granted;
      return granted;
    } finally {
      lock.unlock();
    }
  }

  private void accept() {
    while (!closed) {
      try {
        Socket client = listener.accept();
        connections.incrementAndGet();
        if (mode == Mode.REFUSE) {
          reset(client);
          continue;
        }
        open(client);
      } catch (IOException e) {
        // Closed, or one connection failed: the loop's condition tells which.
      }
    }
  }

  private void open(Socket client) throws IOException {
    Socket server = new Socket();
    try {
      server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), targetPort), 1_000);
    } catch (IOException e) {
      closeQuietly(server);
      reset(client); // What a client of a dead node sees.
      return;
    }
    client.setTcpNoDelay(true);
    server.setTcpNoDelay(true);
    Link link = new Link(client, server);
    links.add(link);
    if (closed) {
      link.cut();
      return;
    }
    daemon("proxy-request-" + client.getPort(), link::pumpRequests);
    daemon("proxy-reply-" + client.getPort(), link::pumpReplies);
  }

  private static void daemon(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0); // A reset, not an orderly end.
    } catch (IOException e) {
      // It is closed already.
    }
    closeQuietly(socket);
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      // Nothing depends on an orderly close here.
    }
  }

  /** One client's connection and the one to the node that belongs to it. */
  private final class Link {
    private final Socket client;
    private final Socket server;
    private volatile boolean lostReplies;

    private Link(Socket client, Socket server) {
      this.client = client;
      this.server = server;
    }

    private void pumpRequests() {
      byte[] buffer = new byte[BUFFER_BYTES];
      try {
        InputStream in = client.getInputStream();
        OutputStream out = server.getOutputStream();
        int count;
        while ((count = in.read(buffer)) >= 0) {
          gate(this);
          int granted = grant(count);
          out.write(buffer, 0, granted);
          requestBytes.addAndGet(granted);
          if (granted < count) {
            CuttingProxy.this.cut();
            return;
          }
        }
      } catch (IOException e) {
        // One side is gone: so is the other, below.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        close();
      }
    }

    private void pumpReplies() {
      byte[] buffer = new byte[BUFFER_BYTES];
      try {
        InputStream in = server.getInputStream();
        OutputStream out = client.getOutputStream();
        int count;
        while ((count = in.read(buffer)) >= 0) {
          if (gate(this) == Mode.SWALLOW_REPLIES || lostReplies) {
            lostReplies = true;
            swallowedBytes.addAndGet(count);
          } else {
            out.write(buffer, 0, count);
            replyBytes.addAndGet(count);
          }
        }
      } catch (IOException e) {
        // One side is gone: so is the other, below.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        close();
      }
    }

    private void cut() {
      if (links.remove(this)) {
        cutConnections.incrementAndGet();
        reset(client);
        reset(server);
        wakeStalled();
      }
    }

    private void close() {
      if (links.remove(this)) {
        closeQuietly(client);
        closeQuietly(server);
        wakeStalled();
      }
    }

    private void wakeStalled() {
      lock.lock();
      try {
        modeChanged.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
