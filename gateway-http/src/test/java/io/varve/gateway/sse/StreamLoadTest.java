package io.varve.gateway.sse;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.client.ClientFactory;
import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import io.varve.client.Bytes;
import io.varve.client.NewEvent;
import io.varve.testkit.EmbeddedVarve;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Very many streams on one gateway, in a process of its own with a heap of 512 MiB; half of them
 * over HTTP/1.1 with a connection each, half over HTTP/2 on a few.
 *
 * <p>A delivery takes from the recorded time, which the leader stamps before it replicates, to when
 * the client has read the event: more than from commit to delivery. Both clocks are this machine's.
 * The processes are given a time to compile themselves, which is told of and not counted.
 */
class StreamLoadTest {
  private static final int SLICE_SECONDS = 5;

  /** Of a round of load. */
  private record Load(
      int streams, int followersOfEach, int eventsPerSecond, int warmupSeconds, int seconds) {}

  /** What one stream has got. */
  private static final class Follower implements Consumer<Said> {
    final int source;
    final List<Long> positions = new ArrayList<>();
    final List<Long> micros = new ArrayList<>();
    private boolean caughtUp;
    private String wrong = "";

    Follower(int source) {
      this.source = source;
    }

    @Override
    public synchronized void accept(Said said) {
      switch (said.event()) {
        case "message" -> {
          positions.add(said.position());
          String data = said.data();
          int at = data.indexOf("\"recorded\":\"") + "\"recorded\":\"".length();
          Instant recorded = Instant.parse(data.substring(at, data.indexOf('"', at)));
          micros.add(ChronoUnit.MICROS.between(recorded, Instant.now()));
        }
        case "caught-up" -> caughtUp = true;
        case "retry", "hello", "checkpoint", "comment" -> {}
        default -> wrong = said.toString();
      }
    }

    synchronized boolean isCaughtUp() {
      assertThat(wrong).isEmpty();
      return caughtUp;
    }

    synchronized int count() {
      assertThat(wrong).isEmpty();
      return positions.size();
    }
  }

  /** The gateway's process. */
  private static final class Gateway implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private final Writer in;

    Gateway(String target) {
      try {
        process =
            new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx512m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    LoadGateway.class.getName(),
                    target)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      in = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
    }

    int port() {
      String line = line();
      return Integer.parseInt(line.substring("port ".length()));
    }

    String figures() {
      try {
        in.write("figures\n");
        in.flush();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return line();
    }

    private String line() {
      try {
        String line = out.readLine();
        if (line == null) {
          throw new AssertionError("the gateway's process has ended");
        }
        return line;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      process.destroy();
      try {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          process.destroyForcibly().waitFor();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Test
  void aFewHundredStreamsGetWhatTheyFollowOnce() {
    run(new Load(200, 20, 100, 0, 5));
  }

  @Tag("heavy")
  @Test
  void twoThousandStreamsGetWhatTheyFollowWithinAQuarterOfASecond() {
    assertThat(run(new Load(2_000, 20, 200, 20, 60))).isLessThan(250);
  }

  /** The 99th percentile of all deliveries, in milliseconds. */
  private static double run(Load load) {
    int sources = load.streams() / load.followersOfEach();
    List<Follower> followers = new ArrayList<>();
    List<ClientFactory> factories = new ArrayList<>();
    try (EmbeddedVarve varve = EmbeddedVarve.start();
        Gateway gateway = new Gateway(varve.target());
        Http1Many http1 = new Http1Many()) {
      int port = gateway.port();
      for (int i = 0; i < 4; i++) {
        factories.add(TestGateway.clientFactory());
      }
      for (int i = 0; i < load.streams(); i++) {
        Follower follower = new Follower(i % sources);
        followers.add(follower);
        String query = "?after=head&source=load/" + follower.source;
        // Both protocols follow each source.
        if ((i / sources) % 2 == 0) {
          http1.add(port, query, follower);
        } else {
          Http2Sse unused = Http2Sse.to(follower, factories.get(i % factories.size()), port, query);
        }
      }
      TestGateway.await(
          "all streams are live", () -> followers.stream().allMatch(Follower::isCaughtUp));

      Map<Long, Integer> appended = append(varve, load, sources);
      Map<Integer, List<Long>> expected = new TreeMap<>();
      appended.forEach(
          (position, source) ->
              expected.computeIfAbsent(source, none -> new ArrayList<>()).add(position));
      for (Follower follower : followers) {
        List<Long> wanted = expected.getOrDefault(follower.source, List.of());
        TestGateway.await("all has come", () -> follower.count() >= wanted.size());
      }
      String figures = gateway.figures();
      for (Follower follower : followers) {
        assertThat(follower.positions).isEqualTo(expected.getOrDefault(follower.source, List.of()));
      }
      assertThat(figures).contains("streams=" + load.streams() + " ");
      // 64 of their own at most, and the whole log for the rest.
      assertThat(figures).contains("upstreams=" + (sources <= 64 ? sources : 65) + " ");
      return report(load, followers, List.copyOf(appended.keySet()), figures);
    } finally {
      factories.forEach(ClientFactory::close);
    }
  }

  /** Which source got an event at which position. */
  private static Map<Long, Integer> append(EmbeddedVarve varve, Load load, int sources) {
    Random random = new Random(5);
    Bytes data = Bytes.utf8("{\"text\":\"" + "x".repeat(200) + "\"}");
    int count = load.eventsPerSecond() * (load.warmupSeconds() + load.seconds());
    long apart = Duration.ofSeconds(1).toNanos() / load.eventsPerSecond();
    long begin = System.nanoTime();
    List<Integer> targets = new ArrayList<>();
    List<CompletableFuture<AppendResult>> results = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      for (long left = begin + i * apart - System.nanoTime();
          left > 0;
          left = begin + i * apart - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      targets.add(random.nextInt(sources));
      results.add(
          varve
              .client()
              .appendAsync(NewEvent.builder("load/" + targets.get(i), "Said").data(data).build()));
    }
    Map<Long, Integer> appended = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      appended.put(((Appended) results.get(i).join()).lastPosition(), targets.get(i));
    }
    return appended;
  }

  @SuppressWarnings("SystemOut") // A measurement, to be read.
  private static double report(
      Load load, List<Follower> followers, List<Long> positions, String figures) {
    int perSlice = SLICE_SECONDS * load.eventsPerSecond();
    for (int from = 0; from < positions.size(); from += perSlice) {
      long last = positions.get(Math.min(positions.size(), from + perSlice) - 1);
      long[] micros = micros(followers, positions.get(from), last);
      System.out.printf(
          Locale.ROOT,
          "from second %d: p50 %.1f ms, p99 %.1f ms, max %.1f ms%n",
          from / load.eventsPerSecond(),
          at(micros, 0.5),
          at(micros, 0.99),
          at(micros, 1));
    }
    long[] micros =
        micros(
            followers,
            positions.get(load.warmupSeconds() * load.eventsPerSecond()),
            Long.MAX_VALUE);
    double p99 = at(micros, 0.99);
    System.out.printf(
        Locale.ROOT,
        "%s: %d deliveries, recorded to read: p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms,"
            + " max %.1f ms; gateway: %s%n",
        load,
        micros.length,
        at(micros, 0.5),
        p99,
        at(micros, 0.999),
        at(micros, 1),
        figures);
    return p99;
  }

  /** The deliveries of the events between two positions, sorted. */
  private static long[] micros(List<Follower> followers, long first, long last) {
    return followers.stream()
        .flatMapToLong(
            follower ->
                IntStream.range(0, follower.positions.size())
                    .filter(
                        i ->
                            follower.positions.get(i) >= first && follower.positions.get(i) <= last)
                    .mapToLong(follower.micros::get))
        .sorted()
        .toArray();
  }

  private static double at(long[] sorted, double quantile) {
    return sorted[(int) Math.min(sorted.length - 1L, (long) (quantile * sorted.length))] / 1e3;
  }
}
