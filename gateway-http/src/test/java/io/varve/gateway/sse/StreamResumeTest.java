package io.varve.gateway.sse;

import static io.varve.gateway.sse.TestGateway.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.client.ClientFactory;
import io.varve.client.AppendRequest;
import io.varve.client.Bytes;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.testkit.EmbeddedVarve;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * However often a client's line is cut, on whichever gateway and by whichever protocol it comes
 * back: it gets what the log has, once, in order.
 */
class StreamResumeTest {
  private static final int APPENDS = 800;
  private static final int SOURCES = 24;

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void randomCutsAndResumesGiveExactlyTheLogsSequence(long seed) throws Exception {
    Random random = new Random(seed);
    StreamOptions plenty = StreamOptions.defaults().withHeartbeat(Duration.ofMillis(100));
    StreamOptions scarce =
        plenty
            .withBufferBytes(64 << 10, 4 << 10)
            .withRingBytes(16 << 10)
            .withMaxSelections(2)
            .withLinger(Duration.ofMillis(20))
            .withCheckpoints(50, Duration.ofMillis(200));
    StreamOptions wholeLog = plenty.withRingBytes(64 << 10).withMaxSelections(0);
    ExecutorService threads = Executors.newCachedThreadPool();
    try (EmbeddedVarve varve = EmbeddedVarve.start();
        ClientFactory factory = TestGateway.clientFactory();
        TestGateway one = new TestGateway(() -> varve.clientBuilder().build(), OPEN, plenty);
        TestGateway two = new TestGateway(() -> varve.clientBuilder().build(), OPEN, scarce);
        TestGateway three = new TestGateway(() -> varve.clientBuilder().build(), OPEN, wholeLog)) {
      List<TestGateway> gateways = List.of(one, two, three);
      AtomicLong end = new AtomicLong(Long.MAX_VALUE);
      List<Selection> selections = selections(random);
      List<CompletableFuture<List<Long>>> followers = new ArrayList<>();
      for (Selection selection : selections) {
        long own = random.nextLong();
        followers.add(
            CompletableFuture.supplyAsync(
                () -> follow(selection, new Random(own), gateways, factory, end), threads));
      }
      append(varve, random);
      end.set(varve.client().head().position());

      List<Event> log = new ArrayList<>();
      try (EventStream all = varve.client().read(ReadOptions.wholeLog())) {
        all.forEach(log::add);
      }
      for (int i = 0; i < selections.size(); i++) {
        Selection selection = selections.get(i);
        assertThat(followers.get(i).join())
            .as(selection.toString())
            .isEqualTo(log.stream().filter(selection::includes).map(Event::position).toList());
      }
      assertThat(two.counter("varve_gateway_stream_catch_up_reads_total")).isPositive();
    } finally {
      threads.shutdownNow();
    }
  }

  private static String source(int number) {
    return "source-" + number;
  }

  private static List<Selection> selections(Random random) {
    List<Selection> selections = new ArrayList<>();
    selections.add(new Selection.WholeLog());
    selections.add(new Selection.WholeLog());
    for (int count : new int[] {1, 1, 2, 5, 16, 20}) {
      selections.add(
          new Selection.Sources(
              random
                  .ints(0, SOURCES)
                  .distinct()
                  .limit(count)
                  .mapToObj(StreamResumeTest::source)
                  .collect(Collectors.toCollection(TreeSet::new))));
    }
    selections.add(new Selection.Matching(Filter.types("Type0", "Type3")));
    selections.add(
        new Selection.Matching(
            Filter.anyOf(
                FilterItem.builder().types("Type1").tags("even").build(),
                FilterItem.builder().source(source(3)).build())));
    return selections;
  }

  private static void append(EmbeddedVarve varve, Random random) {
    List<CompletableFuture<?>> appends = new ArrayList<>();
    for (int i = 0; i < APPENDS; i++) {
      List<NewEvent> events =
          IntStream.range(0, 1 + random.nextInt(3))
              .mapToObj(
                  j -> {
                    NewEvent.Builder event =
                        NewEvent.builder(
                                source(random.nextInt(SOURCES)), "Type" + random.nextInt(5))
                            .data(Bytes.utf8("\"" + "x".repeat(random.nextInt(600)) + "\""));
                    return random.nextBoolean() ? event.tags("even").build() : event.build();
                  })
              .toList();
      appends.add(varve.client().appendAsync(AppendRequest.of(events, List.of())));
      if (random.nextInt(40) == 0) {
        appends.forEach(CompletableFuture::join);
        appends.clear();
        TestGateway.pause(Duration.ofMillis(random.nextInt(30)));
      }
    }
    appends.forEach(CompletableFuture::join);
  }

  private static List<Long> follow(
      Selection selection,
      Random random,
      List<TestGateway> gateways,
      ClientFactory factory,
      AtomicLong end) {
    List<Long> positions = new ArrayList<>();
    String last = "";
    String query = query(selection);
    while (true) {
      int port = gateways.get(random.nextInt(gateways.size())).port();
      try (SseClient client = open(factory, port, query, last, random)) {
        int take = random.nextInt(8) == 0 ? 2_000 : random.nextInt(60);
        for (int i = 0; i < take; i++) {
          Optional<Said> said = client.poll();
          if (said.isEmpty()) {
            throw new AssertionError("the stream has ended by itself");
          }
          if (!said.get().id().isEmpty()) {
            last = said.get().id();
          }
          if (said.get().isEvent()) {
            positions.add(said.get().position());
          }
          if (!last.isEmpty() && Long.parseLong(last) >= end.get()) {
            return positions;
          }
          if (random.nextInt(100) == 0) {
            TestGateway.pause(Duration.ofMillis(20));
          }
        }
      }
    }
  }

  private static SseClient open(
      ClientFactory factory, int port, String query, String last, Random random) {
    boolean http1 = random.nextBoolean();
    if (last.isEmpty()) {
      return http1 ? new Http1Sse(port, query) : new Http2Sse(factory, port, query);
    }
    return http1
        ? new Http1Sse(port, query, random.nextBoolean() ? 0 : 1024, "Last-Event-ID: " + last)
        : new Http2Sse(factory, port, query, "last-event-id", last);
  }

  private static String query(Selection selection) {
    if (selection instanceof Selection.Sources sources) {
      return sources.names().stream()
          .map(name -> "source=" + name)
          .collect(Collectors.joining("&", "?", ""));
    }
    if (selection instanceof Selection.Matching matching) {
      String items =
          matching.filter().anyOf().stream()
              .map(
                  item ->
                      "{"
                          + String.join(
                              ",",
                              List.of(
                                      item.source().isEmpty()
                                          ? ""
                                          : "\"source\":\"" + item.source() + "\"",
                                      list("types", item.types()),
                                      list("tags", item.tags()))
                                  .stream()
                                  .filter(part -> !part.isEmpty())
                                  .toList())
                          + "}")
              .collect(Collectors.joining(","));
      return "?filter=" + URLEncoder.encode("{\"anyOf\":[" + items + "]}", StandardCharsets.UTF_8);
    }
    return "";
  }

  private static String list(String name, List<String> values) {
    return values.isEmpty()
        ? ""
        : values.stream().collect(Collectors.joining("\",\"", "\"" + name + "\":[\"", "\"]"));
  }
}
