package io.varve.gateway.whole;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** HTTP/1.1 over a plain socket: sends exactly the bytes it is told to, well-formed or not. */
final class RawHttp implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int TIMEOUT_MILLIS = 60_000;

  private final Socket socket = new Socket();
  private final InputStream in;

  RawHttp(int port) {
    try {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.setTcpNoDelay(true);
      in = new BufferedInputStream(socket.getInputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends one request on a connection of its own; all answers until the connection is closed. */
  static List<Answer> send(int port, String request) {
    try (RawHttp connection = new RawHttp(port)) {
      connection.write(request);
      return connection.rest();
    }
  }

  /**
   * Writes characters, each as one byte. Whether the other side still takes them is not this
   * method's to say.
   *
   * @return whether the connection could be written to
   */
  boolean write(String text) {
    try {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      return true;
    } catch (SocketException closed) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The next answer, waiting up to a minute; empty = the connection was closed. */
  Optional<Answer> answer() {
    try {
      Optional<String> status = line();
      if (status.isEmpty()) {
        return Optional.empty();
      }
      Map<String, List<String>> headers = new TreeMap<>();
      for (Optional<String> line = line();
          line.isPresent() && !line.get().isEmpty();
          line = line()) {
        String[] parts = line.get().split(": ?", 2);
        headers
            .computeIfAbsent(parts[0].toLowerCase(Locale.ROOT), name -> new ArrayList<>())
            .add(parts[1]);
      }
      int code = Integer.parseInt(status.get().substring("HTTP/1.1 ".length()).substring(0, 3));
      return Optional.of(
          new Answer(code, headers, new String(body(code, headers), StandardCharsets.UTF_8)));
    } catch (SocketException closed) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All answers until the connection is closed. */
  List<Answer> rest() {
    List<Answer> answers = new ArrayList<>();
    for (Optional<Answer> answer = answer(); answer.isPresent(); answer = answer()) {
      answers.add(answer.get());
    }
    return answers;
  }

  private byte[] body(int code, Map<String, List<String>> headers) throws IOException {
    if (code == 204 || code == 304) {
      return new byte[0];
    }
    if (!headers.getOrDefault("transfer-encoding", List.of()).contains("chunked")) {
      return in.readNBytes(
          Integer.parseInt(headers.getOrDefault("content-length", List.of("0")).get(0)));
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int size = chunk(); size > 0; size = chunk()) {
      body.write(in.readNBytes(size));
      line();
    }
    line();
    return body.toByteArray();
  }

  private int chunk() throws IOException {
    return Integer.parseInt(line().orElse("0"), 16);
  }

  private Optional<String> line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        return Optional.empty();
      }
      line.write(next);
    }
    return Optional.of(line.toString(StandardCharsets.ISO_8859_1).replaceFirst("\r$", ""));
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An answer, each header by its name in lower case. */
  record Answer(int status, Map<String, List<String>> headers, String text) {

    JsonNode json() {
      try {
        return JSON.readTree(text);
      } catch (IOException e) {
        throw new UncheckedIOException(text, e);
      }
    }

    /** Status and code, as in {@code 401 UNAUTHENTICATED}. */
    String problem() {
      return status + " " + json().path("code").asText();
    }

    @Override
    public String toString() {
      return status + " " + headers + " " + text;
    }
  }
}
