package io.varve.faults;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;

/**
 * A loopback HTTP/1.1 proxy that does to requests what bad networks do, and counts what it did. A
 * request is forwarded on a connection of its own, and what becomes of it is decided by chance: see
 * {@link Fate}. It can also refuse every connection for a while: the clients behind it are offline
 * then. Thread-safe.
 */
final class HostileProxy implements AutoCloseable {

  /** What became of a request. Those of a POST only are what may change something in the log. */
  enum Fate {
    /** It arrived once, and so did its answer. */
    FORWARDED,
    /** The connection broke before it arrived. */
    LOST_REQUEST,
    /** It arrived, and the connection broke before its answer came back. */
    LOST_ANSWER,
    /** It arrived, and the connection broke in the midst of its answer. */
    CUT_ANSWER,
    /** Neither answered nor broken: the client waits until it gives up. */
    SILENT,
    /** Held back for a while, so that what was sent later arrives before it. */
    HELD_BACK,
    /** POST: the connection broke at once, and it arrived much later, after newer ones. */
    ARRIVED_LATE,
    /** POST: it arrived on two connections at the same time. */
    TWICE_AT_ONCE,
    /** POST: it arrived, was answered, and arrived again much later, after newer ones. */
    AGAIN_LATER,
    /** A stream that broke somewhere. */
    STREAM_CUT,
    /** A stream that ceased somewhere: the connection stayed, and nothing came any more. */
    STREAM_SILENT,
    /** The connection was refused: the clients were offline. */
    REFUSED
  }

  /** Decides about requests. Used by several threads at a time. */
  @FunctionalInterface
  interface Chance {
    Fate of(String method, String path);
  }

  private static final int BUFFER_BYTES = 16 * 1024;
  private static final int MAX_HEAD_BYTES = 64 * 1024;
  private static final int CONNECT_MILLIS = 1_000;
  private static final int LATER_MILLIS = 1_500;
  private static final int HOLD_MILLIS = 400;

  /** After how long a silent connection is broken after all: bounds what is left open. */
  private static final int SILENT_MILLIS = 30_000;

  /** How far a stream comes that does not end well. */
  private static final int STREAM_BYTES = 40_000;

  /** In percent; the rest is forwarded. */
  private static final Map<Fate, Integer> OF_POSTS =
      percent(
          Map.of(
              Fate.LOST_REQUEST, 8,
              Fate.LOST_ANSWER, 10,
              Fate.CUT_ANSWER, 5,
              Fate.SILENT, 1,
              Fate.HELD_BACK, 10,
              Fate.ARRIVED_LATE, 8,
              Fate.TWICE_AT_ONCE, 10,
              Fate.AGAIN_LATER, 10));

  private static final Map<Fate, Integer> OF_OTHERS =
      percent(
          Map.of(
              Fate.LOST_REQUEST, 8,
              Fate.LOST_ANSWER, 8,
              Fate.CUT_ANSWER, 8,
              Fate.SILENT, 1,
              Fate.HELD_BACK, 10));

  /** A request as it came, to be sent any number of times. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Request(String method, String path, byte[] bytes) {}

  private final ServerSocket listener;
  private final IntSupplier target;
  private final SplittableRandom random; // guarded by itself
  private final Chance chance;
  private final Map<Fate, AtomicLong> fates = new EnumMap<>(Fate.class);
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile boolean hostile = true;
  private volatile boolean refusing;
  private volatile boolean closed;

  /**
   * Listens at once, at any free port.
   *
   * @param target the loopback port to forward the next request to
   */
  HostileProxy(IntSupplier target, SplittableRandom random) {
    this(target, random, Optional.empty());
  }

  /** As the other, but the fates of requests are the caller's to decide. */
  HostileProxy(IntSupplier target, SplittableRandom random, Chance chance) {
    this(target, random, Optional.of(chance));
  }

  private HostileProxy(IntSupplier target, SplittableRandom random, Optional<Chance> chance) {
    this.target = target;
    this.random = random;
    this.chance = chance.orElse(this::byChance);
    for (Fate fate : Fate.values()) {
      fates.put(fate, new AtomicLong());
    }
    try {
      listener = new ServerSocket();
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 256);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    daemon("hostile-accept-" + port(), this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  /** How often a fate befell a request. */
  long count(Fate fate) {
    return fates.get(fate).get();
  }

  /** From now on every connection is refused, and those there are are cut. */
  void goOffline() {
    refusing = true;
    open.forEach(HostileProxy::reset);
  }

  /** Connections are accepted again. */
  void goOnline() {
    refusing = false;
  }

  /** From now on requests arrive once and in order, and nothing is cut. */
  void behave() {
    hostile = false;
    refusing = false;
  }

  @Override
  public void close() {
    closed = true;
    closeQuietly(listener);
    open.forEach(HostileProxy::reset);
  }

  private void accept() {
    while (!closed) {
      try {
        Socket client = listener.accept();
        if (refusing) {
          counted(Fate.REFUSED);
          reset(client);
          continue;
        }
        open.add(client);
        if (refusing || closed) {
          reset(client); // It came just before, and was not among those that were cut.
        }
        daemon("hostile-" + client.getPort(), () -> serve(client));
      } catch (IOException e) {
        // Closed, or one connection failed: the loop's condition tells which.
      }
    }
  }

  /** One request a connection: the answer says that the connection ends. */
  private void serve(Socket client) {
    try {
      client.setTcpNoDelay(true);
      Request request = read(new BufferedInputStream(client.getInputStream()));
      handle(request, client);
    } catch (IOException e) {
      // The client went away, or the gateway did: both sides see a broken connection.
      reset(client);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(client);
      closeQuietly(client);
    }
  }

  private void handle(Request request, Socket client) throws IOException, InterruptedException {
    OutputStream out = client.getOutputStream();
    Fate fate = hostile ? chance.of(request.method(), request.path()) : Fate.FORWARDED;
    counted(fate);
    switch (fate) {
      case LOST_REQUEST, REFUSED -> reset(client);
      case LOST_ANSWER -> {
        exchange(request, OutputStream.nullOutputStream(), Long.MAX_VALUE);
        reset(client);
      }
      case CUT_ANSWER -> {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        exchange(request, answer, Long.MAX_VALUE);
        out.write(answer.toByteArray(), 0, below(Math.max(1, answer.size())));
        out.flush();
        reset(client);
      }
      case SILENT -> {
        // Half of them arrive: the client cannot know.
        if (below(2) == 0) {
          exchange(request, OutputStream.nullOutputStream(), Long.MAX_VALUE);
        }
        beSilent(client);
      }
      case HELD_BACK -> {
        TimeUnit.MILLISECONDS.sleep(1 + below(HOLD_MILLIS));
        exchange(request, out, Long.MAX_VALUE);
      }
      case ARRIVED_LATE -> {
        reset(client);
        TimeUnit.MILLISECONDS.sleep(1 + below(LATER_MILLIS));
        quietly(request);
      }
      case TWICE_AT_ONCE -> {
        daemon("hostile-twin", () -> quietly(request));
        exchange(request, out, Long.MAX_VALUE);
      }
      case AGAIN_LATER -> {
        exchange(request, out, Long.MAX_VALUE);
        client.shutdownOutput();
        TimeUnit.MILLISECONDS.sleep(LATER_MILLIS / 2 + below(LATER_MILLIS));
        quietly(request);
      }
      case STREAM_CUT -> {
        exchange(request, out, 200L + below(STREAM_BYTES));
        reset(client);
      }
      case STREAM_SILENT -> {
        exchange(request, out, 200L + below(STREAM_BYTES));
        beSilent(client);
      }
      case FORWARDED -> exchange(request, out, Long.MAX_VALUE);
    }
  }

  /** Says nothing until the client has had enough. */
  private static void beSilent(Socket client) throws IOException {
    client.setSoTimeout(SILENT_MILLIS);
    InputStream in = client.getInputStream();
    while (in.read() >= 0) {
      // Whatever it still says is lost.
    }
  }

  private Fate byChance(String method, String path) {
    int chance = below(100);
    if (path.startsWith("/v1/stream")) {
      return chance < 35
          ? Fate.STREAM_CUT
          : chance < 42 ? Fate.STREAM_SILENT : chance < 50 ? Fate.LOST_REQUEST : Fate.FORWARDED;
    }
    Map<Fate, Integer> percent = method.equals("POST") ? OF_POSTS : OF_OTHERS;
    for (Map.Entry<Fate, Integer> entry : percent.entrySet()) {
      chance -= entry.getValue();
      if (chance < 0) {
        return entry.getKey();
      }
    }
    return Fate.FORWARDED;
  }

  private void counted(Fate fate) {
    fates.get(fate).incrementAndGet();
  }

  /** In the order of the enum, so that a seed repeats what is chosen. */
  private static Map<Fate, Integer> percent(Map<Fate, Integer> chances) {
    return Collections.unmodifiableMap(new EnumMap<>(chances));
  }

  private int below(int bound) {
    synchronized (random) {
      return random.nextInt(bound);
    }
  }

  private void quietly(Request request) {
    try {
      exchange(request, OutputStream.nullOutputStream(), Long.MAX_VALUE);
    } catch (IOException e) {
      // Nobody waits for this answer.
    }
  }

  /** Sends a request and copies the answer, at most so many bytes of it. */
  private void exchange(Request request, OutputStream to, long bytes) throws IOException {
    try (Socket server = new Socket()) {
      open.add(server);
      try {
        server.connect(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), target.getAsInt()),
            CONNECT_MILLIS);
        server.setTcpNoDelay(true);
        server.getOutputStream().write(request.bytes());
        server.getOutputStream().flush();
        byte[] buffer = new byte[BUFFER_BYTES];
        long left = bytes;
        int count;
        InputStream in = server.getInputStream();
        while (left > 0 && (count = in.read(buffer)) >= 0) {
          to.write(buffer, 0, (int) Math.min(count, left));
          to.flush();
          left -= count;
        }
      } finally {
        open.remove(server);
      }
    }
  }

  /** Reads one request; what goes on asks for a connection that ends with the answer. */
  private static Request read(InputStream in) throws IOException {
    List<String> lines = new ArrayList<>();
    int total = 0;
    while (true) {
      String line = line(in);
      total += line.length();
      if (line.isEmpty()) {
        break;
      }
      if (total > MAX_HEAD_BYTES) {
        throw new IOException("the head is too long");
      }
      lines.add(line);
    }
    String[] first = lines.get(0).split(" ", 3);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    text(bytes, lines.get(0));
    int length = 0;
    boolean chunked = false;
    for (String header : lines.subList(1, lines.size())) {
      String name = header.substring(0, header.indexOf(':')).toLowerCase(Locale.ROOT);
      String value = header.substring(header.indexOf(':') + 1).strip();
      switch (name) {
        case "content-length" -> length = Integer.parseInt(value);
        case "transfer-encoding" -> chunked = true;
        // An upgrade to HTTP/2 would end what is understood here.
        case "connection", "upgrade", "http2-settings", "expect" -> {}
        default -> text(bytes, header);
      }
    }
    byte[] body = chunked ? chunks(in) : in.readNBytes(length);
    if (!chunked && body.length < length) {
      throw new IOException("the body ended early");
    }
    if (body.length > 0 || first[0].equals("POST")) {
      text(bytes, "Content-Length: " + body.length);
    }
    text(bytes, "Connection: close");
    text(bytes, "");
    bytes.write(body);
    return new Request(first[0], first[1], bytes.toByteArray());
  }

  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      int size = Integer.parseInt(line(in).split(";", 2)[0].strip(), 16);
      body.write(in.readNBytes(size));
      line(in);
      if (size == 0) {
        return body.toByteArray();
      }
    }
  }

  private static void text(ByteArrayOutputStream bytes, String line) {
    bytes.writeBytes((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    int c;
    while ((c = in.read()) != '\n') {
      if (c < 0) {
        throw new IOException("the request ended early");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  private static void daemon(String name, Runnable body) {
    Thread thread = new Thread(body, name + "-" + ThreadLocalRandom.current().nextInt(1_000_000));
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
}
