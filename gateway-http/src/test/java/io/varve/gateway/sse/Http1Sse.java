package io.varve.gateway.sse;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A client over a plain socket: what is not read stays with the sender. */
public final class Http1Sse implements SseClient {
  private static final int TIMEOUT_MILLIS = 60_000;

  private final Socket socket = new Socket();
  private final InputStream in;
  private final Deque<Said> heard = new ArrayDeque<>();
  private final SseParser parser = new SseParser(heard::addLast);
  private final Map<String, String> headers = new HashMap<>();
  private final int status;
  private long received;

  /**
   * Asks for a stream.
   *
   * @param query with its question mark, or empty
   * @param lines further header lines
   */
  public Http1Sse(int port, String query, String... lines) {
    this(port, query, 0, lines);
  }

  /** One whose system takes few bytes in advance. */
  Http1Sse(int port, String query, int receiveBuffer, String... lines) {
    try {
      if (receiveBuffer > 0) {
        socket.setReceiveBufferSize(receiveBuffer);
      }
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      socket.setSoTimeout(TIMEOUT_MILLIS);
      StringBuilder request = new StringBuilder("GET /v1/stream" + query + " HTTP/1.1\r\n");
      request.append("Host: localhost\r\nAccept: text/event-stream\r\n");
      for (String line : lines) {
        request.append(line).append("\r\n");
      }
      socket
          .getOutputStream()
          .write(request.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
      in = new BufferedInputStream(socket.getInputStream(), receiveBuffer > 0 ? 1024 : 64 << 10);
      status = Integer.parseInt(line().substring("HTTP/1.1 ".length()).substring(0, 3));
      for (String line = line(); !line.isEmpty(); line = line()) {
        String[] parts = line.split(": ?", 2);
        headers.put(parts[0].toLowerCase(Locale.ROOT), parts[1]);
      }
    } catch (IOException e) {
      close();
      throw new UncheckedIOException(e);
    }
  }

  public int status() {
    return status;
  }

  public String header(String name) {
    return headers.getOrDefault(name, "");
  }

  /** Bytes of the stream that have been read. */
  long received() {
    return received;
  }

  /** The body of an answer that is no stream. */
  public String body() {
    try {
      int length = Integer.parseInt(header("content-length"));
      return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Optional<Said> poll() {
    try {
      while (heard.isEmpty()) {
        int length = Integer.parseInt(line(), 16);
        byte[] chunk = in.readNBytes(length);
        if (chunk.length < length || !line().isEmpty()) {
          throw new EOFException("the stream was cut");
        }
        if (length == 0) {
          return Optional.empty();
        }
        received += length;
        parser.take(chunk, 0, length);
      }
      return Optional.of(heard.removeFirst());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the connection was closed");
      }
      line.append((char) c);
    }
    if (line.length() > 0 && line.charAt(line.length() - 1) == '\r') {
      line.setLength(line.length() - 1);
    }
    return line.toString();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
