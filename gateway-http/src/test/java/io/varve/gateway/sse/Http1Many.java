package io.varve.gateway.sse;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Very many clients over HTTP/1.1, a connection each, read by one thread. */
final class Http1Many implements AutoCloseable {
  private final Selector selector;
  private final Thread thread;
  private volatile boolean closed;

  Http1Many() {
    try {
      selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    thread = new Thread(this::run, "http1-many");
    thread.setDaemon(true);
    thread.start();
  }

  /** Asks for a stream. What it says is handed on by the one thread. */
  void add(int port, String query, Consumer<Said> heard) {
    try {
      SocketChannel channel = SocketChannel.open();
      channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      String request = "GET /v1/stream" + query + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
      ByteBuffer bytes = ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ, new Reply(new SseParser(heard)));
      selector.wakeup();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void run() {
    ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
    try {
      while (!closed) {
        selector.select(
            key -> {
              try {
                buffer.clear();
                if (((SocketChannel) key.channel()).read(buffer) < 0) {
                  throw new EOFException("a stream ended");
                }
                ((Reply) key.attachment()).take(buffer.flip());
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
      }
      for (SelectionKey key : selector.keys()) {
        key.channel().close();
      }
      selector.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    closed = true;
    selector.wakeup();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(10));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes headers and chunks apart. */
  private static final class Reply {
    private enum Part {
      HEADERS,
      SIZE,
      BODY,
      END
    }

    private final SseParser parser;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private Part part = Part.HEADERS;
    private boolean statusSeen;
    private int left;

    Reply(SseParser parser) {
      this.parser = parser;
    }

    void take(ByteBuffer bytes) {
      while (bytes.hasRemaining()) {
        if (part == Part.BODY) {
          byte[] some = new byte[Math.min(left, bytes.remaining())];
          bytes.get(some);
          parser.take(some, 0, some.length);
          left -= some.length;
          part = left == 0 ? Part.END : Part.BODY;
        } else {
          byte next = bytes.get();
          if (next == '\n') {
            line(line.toString(StandardCharsets.US_ASCII).strip());
            line.reset();
          } else {
            line.write(next);
          }
        }
      }
    }

    private void line(String text) {
      switch (part) {
        case HEADERS -> {
          if (!statusSeen && !text.startsWith("HTTP/1.1 200")) {
            throw new AssertionError(text);
          }
          statusSeen = true;
          part = text.isEmpty() ? Part.SIZE : Part.HEADERS;
        }
        case SIZE -> {
          left = Integer.parseInt(text, 16);
          part = Part.BODY;
        }
        case END -> part = Part.SIZE;
        case BODY -> throw new AssertionError(text);
      }
    }
  }
}
