package io.varve.gateway.sse;

import static io.varve.gateway.sse.TestGateway.OPEN;
import static io.varve.gateway.sse.TestGateway.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.client.ClientFactory;
import io.varve.client.AppendResult.Appended;
import io.varve.client.Bytes;
import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import io.varve.gateway.identity.Authenticator;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import io.varve.testkit.EmbeddedVarve;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StreamServiceTest {
  /** What no {@code EventSource} can send. */
  private static final String BEARER = "Authorization: Bearer t";

  private static EmbeddedVarve varve;
  private static TestGateway defaults;

  @BeforeAll
  static void start() {
    varve = EmbeddedVarve.start();
    defaults = gateway(StreamOptions.defaults());
  }

  @AfterAll
  static void stop() {
    defaults.close();
    varve.close();
  }

  private static TestGateway gateway(StreamOptions options) {
    return new TestGateway(() -> varve.clientBuilder().build(), OPEN, options);
  }

  private static long append(String source, String type) {
    return append(NewEvent.builder(source, type).data(Bytes.utf8("{\"a\":\"b\\nc\"}")).build());
  }

  private static long append(NewEvent event) {
    return ((Appended) varve.client().append(event)).lastPosition();
  }

  private static String fresh() {
    return "s/" + UUID.randomUUID();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Test
  void aStreamSaysHelloThenWhatIsThereThenThatItHasCaughtUpThenWhatComes() {
    String source = fresh() + "/%/../ü";
    long first = append(source, "Painted");
    append(fresh(), "Other");
    long second = append(source, "Painted");
    try (TestGateway gateway = gateway(StreamOptions.defaults());
        Http1Sse client = new Http1Sse(gateway.port(), "?source=" + encoded(source))) {
      assertThat(client.status()).as(() -> client.body()).isEqualTo(200);
      assertThat(client.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
      assertThat(client.header("cache-control")).isEqualTo("no-cache, no-transform");
      assertThat(client.header("x-accel-buffering")).isEqualTo("no");
      String identity = varve.client().logIdentity().orElseThrow().toString();
      assertThat(client.header("varve-log-identity")).isEqualTo(identity);

      Said retry = client.next();
      assertThat(retry.event()).isEqualTo("retry");
      assertThat(Integer.parseInt(retry.data())).isBetween(1000, 3000);
      Said hello = client.next();
      assertThat(hello.event()).isEqualTo("hello");
      assertThat(hello.id()).isEmpty();
      assertThat(hello.json().get("logIdentity").textValue()).isEqualTo(identity);
      assertThat(hello.json().get("head").longValue()).isGreaterThanOrEqualTo(second);

      Said event = client.next();
      assertThat(event.isEvent()).isTrue();
      assertThat(event.position()).isEqualTo(first);
      assertThat(event.json().get("source").textValue()).isEqualTo(source);
      assertThat(event.json().get("data").get("a").textValue()).isEqualTo("b\nc");
      assertThat(client.next().position()).isEqualTo(second);
      Said caughtUp = client.next();
      assertThat(caughtUp.event()).isEqualTo("caught-up");
      assertThat(caughtUp.position()).isGreaterThanOrEqualTo(second);
      assertThat(caughtUp.json().get("position").longValue()).isEqualTo(caughtUp.position());

      long third = append(source, "Painted");
      assertThat(client.next().position()).isEqualTo(third);
    }
  }

  @Test
  void aStreamBeginsBehindWhereItIsToldTo() {
    String source = fresh();
    append(source, "T");
    long second = append(source, "T");
    long third = append(source, "T");
    try (TestGateway gateway = gateway(StreamOptions.defaults())) {
      String query = "?source=" + encoded(source);
      try (Http1Sse client = new Http1Sse(gateway.port(), query + "&after=" + second)) {
        assertThat(client.positions(1)).containsExactly(third);
      }
      // What a browser resumes with is newer than what the page had asked for.
      try (Http1Sse client =
          new Http1Sse(gateway.port(), query + "&after=0", "Last-Event-ID: " + second)) {
        assertThat(client.positions(1)).containsExactly(third);
      }
      try (Http1Sse client = new Http1Sse(gateway.port(), query + "&after=head")) {
        client.next("caught-up");
        long fourth = append(source, "T");
        assertThat(client.positions(1)).containsExactly(fourth);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 16, 17, 40, 64})
  void sourcesOnOneStreamComeInTheOrderOfTheLog(int count) {
    List<String> sources = IntStream.range(0, count).mapToObj(i -> fresh()).toList();
    long after = varve.client().head().position();
    String query =
        sources.stream()
            .map(source -> "source=" + encoded(source))
            .collect(Collectors.joining("&", "?", "&after=" + after));
    List<Long> positions = new ArrayList<>();
    for (int i = 0; i < 2 * count; i++) {
      positions.add(append(sources.get((i * 7) % count), "T"));
      append(fresh(), "Noise");
    }
    try (ClientFactory factory = TestGateway.clientFactory();
        Http1Sse client = new Http1Sse(defaults.port(), query);
        Http2Sse other = new Http2Sse(factory, defaults.port(), query)) {
      assertThat(client.positions(positions.size())).isEqualTo(positions);
      client.next("caught-up");
      for (int i = 0; i < count; i++) {
        positions.add(append(sources.get((i * 5) % count), "T"));
        append(fresh(), "Noise");
      }
      assertThat(client.positions(count)).isEqualTo(positions.subList(2 * count, positions.size()));
      assertThat(other.positions(positions.size())).isEqualTo(positions);
    }
  }

  @Test
  void aFilterIsFollowedByItsOwnSubscriptionOrOutOfTheWholeLogAlike() {
    String tag = "t:" + UUID.randomUUID();
    String filter = "{\"anyOf\":[{\"types\":[\"A\",\"B\"],\"tags\":[\"" + tag + "\"]}]}";
    for (int selections : new int[] {64, 0}) {
      long after = varve.client().head().position();
      List<Long> positions = new ArrayList<>();
      positions.add(append(NewEvent.builder(fresh(), "A").tags(tag, "more").build()));
      append(NewEvent.builder(fresh(), "C").tags(tag).build());
      append(NewEvent.builder(fresh(), "A").tags("less").build());
      try (TestGateway gateway = gateway(StreamOptions.defaults().withMaxSelections(selections));
          Http1Sse client =
              new Http1Sse(gateway.port(), "?filter=" + encoded(filter) + "&after=" + after)) {
        assertThat(client.positions(1)).isEqualTo(positions);
        client.next("caught-up");
        append(NewEvent.builder(fresh(), "A").build());
        append(NewEvent.builder(fresh(), "C").tags(tag).build());
        long live = append(NewEvent.builder(fresh(), "B").tags("x", tag).build());
        assertThat(client.positions(1)).containsExactly(live);
        assertThat(gateway.gauge("varve_gateway_upstream_subscriptions")).isEqualTo(1);
      }
    }
  }

  @Test
  void theWholeLogIsFollowedWithoutAGap() {
    append(fresh(), "T");
    try (TestGateway gateway = gateway(StreamOptions.defaults());
        Http1Sse client = new Http1Sse(gateway.port(), "")) {
      for (int i = 0; i < 50; i++) {
        append(fresh(), "T");
      }
      int head = (int) varve.client().head().position();
      assertThat(client.positions(head))
          .isEqualTo(IntStream.rangeClosed(1, head).mapToObj(Long::valueOf).toList());
    }
  }

  @Test
  void checkpointsTellOfStretchesWithoutAMatch() {
    StreamOptions options =
        StreamOptions.defaults().withCheckpoints(8, Duration.ofHours(1)).withMaxSelections(0);
    try (TestGateway gateway = gateway(options);
        Http1Sse client = new Http1Sse(gateway.port(), "?source=nothing&after=head")) {
      long from = client.next("caught-up").position();
      long told = from;
      while (told < from + 12) {
        // As many as may go by: one that is told of later may tell of more that came meanwhile.
        long last = told;
        while (last < told + 8) {
          last = append(fresh(), "T");
        }
        Said checkpoint = client.next("checkpoint");
        assertThat(checkpoint.position()).isBetween(told + 1, last);
        told = checkpoint.position();
      }
    }
  }

  @Test
  void aShortStretchIsToldOfAfterATime() {
    StreamOptions options =
        StreamOptions.defaults()
            .withCheckpoints(10_000, Duration.ofMillis(100))
            .withMaxSelections(0);
    try (TestGateway gateway = gateway(options);
        Http1Sse client = new Http1Sse(gateway.port(), "?source=nothing&after=head")) {
      long from = client.next("caught-up").position();
      long appended = append(fresh(), "T");
      assertThat(appended).isGreaterThan(from);
      assertThat(client.next("checkpoint").position()).isEqualTo(appended);
    }
  }

  @Test
  void silenceIsFilledWithHeartbeats() {
    try (TestGateway gateway =
            gateway(StreamOptions.defaults().withHeartbeat(Duration.ofMillis(100)));
        Http1Sse client = new Http1Sse(gateway.port(), "?source=nothing&after=head")) {
      assertThat(client.next("comment").data()).isEqualTo("heartbeat");
      assertThat(client.next("comment").data()).isEqualTo("heartbeat");
    }
  }

  @Test
  void aPositionFromAnotherHistoryIsReset() {
    long above = varve.client().head().position() + 1_000_000;
    try (TestGateway gateway = gateway(StreamOptions.defaults())) {
      for (String[] asked : new String[][] {{"?after=" + above}, {"", "Last-Event-ID: " + above}}) {
        try (Http1Sse client =
            asked.length == 1
                ? new Http1Sse(gateway.port(), asked[0])
                : new Http1Sse(gateway.port(), asked[0], asked[1])) {
          List<Said> said = client.rest();
          assertThat(said).extracting(Said::event).containsExactly("retry", "hello", "reset");
          Said reset = said.get(2);
          assertThat(reset.id()).isEmpty();
          assertThat(reset.json().get("logIdentity").textValue())
              .isEqualTo(varve.client().logIdentity().orElseThrow().toString());
          assertThat(reset.json().get("reason").textValue())
              .contains(asked.length == 1 ? "after" : "Last-Event-ID", Long.toString(above));
        }
      }
    }
  }

  @Test
  void anotherIdentityThanExpectedIsReset() {
    append(fresh(), "T");
    UUID identity = varve.client().logIdentity().orElseThrow();
    try (TestGateway gateway = gateway(StreamOptions.defaults())) {
      try (Http1Sse client = new Http1Sse(gateway.port(), "?logIdentity=" + UUID.randomUUID())) {
        assertThat(client.next("reset").json().get("logIdentity").textValue())
            .isEqualTo(identity.toString());
        assertThat(client.rest()).isEmpty();
      }
      try (Http1Sse client = new Http1Sse(gateway.port(), "?logIdentity=" + identity)) {
        client.next("message");
      }
    }
  }

  @Test
  void aLogThatIsReplacedResetsEveryStream() {
    append(fresh(), "T");
    try (EmbeddedVarve before = EmbeddedVarve.start();
        Forwarder line = new Forwarder(port(before))) {
      before.client().append(NewEvent.builder("a", "Old").build());
      try (TestGateway replaced =
          new TestGateway(
              () ->
                  VarveClient.builder()
                      .target("127.0.0.1:" + line.port())
                      .learnAddresses(false)
                      .deadline(Duration.ofSeconds(60))
                      .build(),
              OPEN,
              StreamOptions.defaults())) {
        try (Http1Sse one = new Http1Sse(replaced.port(), "?source=a");
            Http1Sse all = new Http1Sse(replaced.port(), "")) {
          one.next("caught-up");
          all.next("caught-up");
          line.leadTo(port(varve));
          String identity = varve.client().logIdentity().orElseThrow().toString();
          for (Http1Sse client : List.of(one, all)) {
            List<Said> said = client.rest();
            assertThat(said).extracting(Said::event).containsOnly("reset");
            assertThat(said.get(0).json().get("logIdentity").textValue()).isEqualTo(identity);
          }
          try (Http1Sse again = new Http1Sse(replaced.port(), "?after=0")) {
            assertThat(again.next("hello").json().get("logIdentity").textValue())
                .isEqualTo(identity);
            assertThat(again.next("message").position()).isEqualTo(1);
          }
        }
      }
    }
  }

  @Test
  void aStreamThatFindsTheLogReplacedBeginsWithTheNewOne() {
    append(fresh(), "T");
    try (EmbeddedVarve before = EmbeddedVarve.start();
        Forwarder line = new Forwarder(port(before));
        TestGateway gateway =
            new TestGateway(
                () ->
                    VarveClient.builder()
                        .target("127.0.0.1:" + line.port())
                        .learnAddresses(false)
                        .deadline(Duration.ofSeconds(60))
                        .build(),
                OPEN,
                StreamOptions.defaults())) {
      try (Http1Sse client = new Http1Sse(gateway.port(), "?source=a")) {
        client.next("caught-up");
      }
      line.leadTo(port(varve));
      try (Http1Sse client = new Http1Sse(gateway.port(), "?source=a")) {
        assertThat(client.status()).isEqualTo(200);
        String identity = varve.client().logIdentity().orElseThrow().toString();
        assertThat(client.next("hello").json().get("logIdentity").textValue()).isEqualTo(identity);
        client.next("caught-up");
      }
    }
  }

  private static int port(EmbeddedVarve node) {
    return Integer.parseInt(node.target().substring(node.target().indexOf(':') + 1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "?sources=a|sources|no parameter 'sources'",
        "?source=|source|1 to 512 bytes",
        "?after=1&after=2|after|stands twice",
        "?after=-1|after|0 or more",
        "?after=9223372036854775808|after|0 or more",
        "?after=|after|0 or more",
        "?after=x|after|0 or more, or head",
        "?logIdentity=1-1-1-1-1|logIdentity|UUID",
        "?source=%ff|source|not UTF-8",
        "?source=%C0%AF|source|not UTF-8",
        "?source=a&filter=%7B%7D|filter|not both",
        "?filter=%7B%7D|filter|anyOf",
        "?filter=%7B%22anyOf%22%3A%5B%5D%7D|filter|",
        "?filter=%7B%22anyOf%22%3A%5B%7B%7D%5D%7D|filter|",
      })
  void whatCannotBeAskedForIsAProblemBeforeAStreamBegins(
      String query, String field, String detail) {
    try (Http1Sse client = new Http1Sse(defaults.port(), query)) {
      assertThat(client.status()).isEqualTo(400);
      assertThat(client.header("content-type")).contains("application/problem+json");
      assertThat(client.body())
          .contains("\"code\":\"INVALID_ARGUMENT\"", "\"field\":\"" + field)
          .contains(Optional.ofNullable(detail).orElse(""));
    }
  }

  @Test
  void aHeaderThatIsNoPositionIsAProblem() {
    try (Http1Sse client = new Http1Sse(defaults.port(), "", "Last-Event-ID: 7f")) {
      assertThat(client.status()).isEqualTo(400);
      assertThat(client.body()).contains("\"field\":\"Last-Event-ID\"");
    }
  }

  @Test
  void tooManySourcesAreAProblem() {
    String query =
        IntStream.rangeClosed(1, 65)
            .mapToObj(i -> "source=s" + i)
            .collect(Collectors.joining("&", "?", ""));
    try (Http1Sse client = new Http1Sse(defaults.port(), query)) {
      assertThat(client.status()).isEqualTo(400);
      assertThat(client.body()).contains("at most 64 sources: 65");
    }
  }

  @Test
  void whoFollowsTheSameSharesASubscription() {
    List<String> sources = List.of(fresh(), fresh(), fresh());
    for (int selections : new int[] {64, 2, 1, 0}) {
      try (TestGateway gateway =
              gateway(
                  StreamOptions.defaults()
                      .withMaxSelections(selections)
                      .withLinger(Duration.ofMillis(50)));
          ClientFactory factory = TestGateway.clientFactory()) {
        List<SseClient> clients = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
          String query = "?after=head&source=" + encoded(sources.get(i % 3));
          clients.add(
              i % 2 == 0
                  ? new Http1Sse(gateway.port(), query)
                  : new Http2Sse(factory, gateway.port(), query));
        }
        clients.forEach(client -> client.next("caught-up"));
        int own = Math.min(selections, 3);
        assertThat(gateway.gauge("varve_gateway_upstream_subscriptions"))
            .isEqualTo(own < 3 ? own + 1 : 3);
        List<Long> positions = sources.stream().map(source -> append(source, "T")).toList();
        for (int i = 0; i < 60; i++) {
          assertThat(clients.get(i).positions(1)).containsExactly(positions.get(i % 3));
        }
        assertThat(gateway.gauge("varve_gateway_streams_open")).isEqualTo(60);
        clients.forEach(SseClient::close);
        await(
            "streams and subscriptions end with their clients",
            () ->
                gateway.gauge("varve_gateway_streams_open") == 0
                    && gateway.gauge("varve_gateway_upstream_subscriptions") == 0
                    && gateway.gauge("varve_gateway_stream_buffer_bytes") == 0);
      }
    }
  }

  @Test
  void aStreamResumesFromMemory() {
    String source = fresh();
    try (TestGateway gateway = gateway(StreamOptions.defaults());
        Http1Sse first = new Http1Sse(gateway.port(), "?after=head&source=" + source)) {
      long from = first.next("caught-up").position();
      List<Long> positions = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        positions.add(append(source, "T"));
      }
      assertThat(first.positions(20)).isEqualTo(positions);
      long reads = gateway.counter("varve_gateway_stream_catch_up_reads_total");
      try (Http1Sse again =
          new Http1Sse(gateway.port(), "?source=" + source, "Last-Event-ID: " + from)) {
        assertThat(again.positions(20)).isEqualTo(positions);
      }
      assertThat(gateway.counter("varve_gateway_stream_catch_up_reads_total")).isEqualTo(reads);
    }
  }

  @Test
  void theLossOfANodeEndsNoStream() {
    try (EmbeddedVarve node = EmbeddedVarve.start();
        TestGateway gateway =
            new TestGateway(() -> node.clientBuilder().build(), OPEN, StreamOptions.defaults());
        Http1Sse client = new Http1Sse(gateway.port(), "?source=a")) {
      client.next("caught-up");
      node.client().append(NewEvent.builder("a", "T").build());
      assertThat(client.positions(1)).containsExactly(1L);
      node.restart();
      node.client().append(NewEvent.builder("a", "T").build());
      assertThat(client.positions(1)).containsExactly(2L);
    }
  }

  @Test
  void shutdownHandsClientsOver() {
    String source = fresh();
    // Neither a heartbeat nor the end of its patience comes between.
    StreamOptions options =
        StreamOptions.defaults()
            .withHeartbeat(Duration.ofMinutes(5))
            .withDrain(Duration.ofMinutes(1));
    try (TestGateway gateway = gateway(options)) {
      List<Http1Sse> clients = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        clients.add(new Http1Sse(gateway.port(), "?source=" + source));
        clients.get(i).next("caught-up");
      }
      gateway.streams.shutdown().join();
      List<Integer> retries = new ArrayList<>();
      for (Http1Sse client : clients) {
        List<Said> said = client.rest();
        assertThat(said).extracting(Said::event).containsExactly("retry", "reconnect");
        assertThat(said.get(1).json().get("reason").textValue()).isEqualTo("shutdown");
        retries.add(Integer.parseInt(said.get(0).data()));
      }
      assertThat(retries.stream().distinct().count()).isGreaterThan(10);
      try (Http1Sse late = new Http1Sse(gateway.port(), "?source=" + source, BEARER)) {
        assertThat(late.status()).isEqualTo(503);
        assertThat(late.header("retry-after")).isNotEmpty();
      }
      try (Http1Sse late = new Http1Sse(gateway.port(), "?source=" + source)) {
        assertToldToComeBack(late, 1_000, "this gateway is shutting down; there may be others");
      }
    }
  }

  @Test
  void shutdownDoesNotWaitForWhoTakesNothing() {
    String source = fresh();
    try (TestGateway gateway = gateway(StreamOptions.defaults().withDrain(Duration.ofMillis(200)));
        Http1Sse client = new Http1Sse(gateway.port(), "?source=" + source, 1024)) {
      client.next("caught-up");
      Bytes large = Bytes.utf8("\"" + "x".repeat(500_000) + "\"");
      for (int i = 0; i < 20; i++) {
        append(NewEvent.builder(source, "T").data(large).build());
      }
      gateway.streams.shutdown().join();
      assertThat(gateway.gauge("varve_gateway_streams_open")).isZero();
    }
  }

  @Test
  void streamsArePlaces() {
    try (TestGateway gateway = gateway(StreamOptions.defaults().withMaxStreams(2, 2))) {
      Http1Sse first = new Http1Sse(gateway.port(), "");
      try (Http1Sse second = new Http1Sse(gateway.port(), "");
          Http1Sse third = new Http1Sse(gateway.port(), "", BEARER);
          Http1Sse eventSource = new Http1Sse(gateway.port(), "")) {
        assertThat(second.status()).isEqualTo(200);
        second.next("hello");
        assertThat(third.status()).isEqualTo(429);
        assertThat(third.header("retry-after")).isEqualTo("5");
        assertThat(third.body()).contains("\"code\":\"OVERLOADED\"");
        assertToldToComeBack(eventSource, 5_000, "this gateway has its 2 streams open");
        first.close();
        await(
            "a place is free",
            () -> {
              try (Http1Sse fourth = new Http1Sse(gateway.port(), "", BEARER)) {
                return fourth.status() == 200;
              }
            });
      }
    }
  }

  /** As it is while a gateway that has just started has no way to the cluster yet. */
  @Test
  void anEventSourceWhoseCallerCannotBeToldComesBack() {
    Problem unknown =
        Problem.of(ProblemCode.UNAVAILABLE, "the gateway cannot look up the client")
            .retryAfter(Duration.ofSeconds(1));
    for (Authenticator authenticator :
        List.<Authenticator>of(
            headers -> CompletableFuture.failedFuture(new ProblemException(unknown)),
            headers -> {
              throw new ProblemException(unknown);
            })) {
      try (TestGateway gateway =
              new TestGateway(
                  () -> varve.clientBuilder().build(), authenticator, StreamOptions.defaults());
          Http1Sse eventSource =
              new Http1Sse(gateway.port(), "?source=a", "Cookie: varve_token=t");
          Http1Sse other = new Http1Sse(gateway.port(), "?source=a", BEARER)) {
        assertToldToComeBack(eventSource, 1_000, unknown.detail());
        assertThat(other.status()).isEqualTo(503);
      }
    }
  }

  @Test
  void anEventSourceThatIsRefusedForGoodIsToldSo() {
    Authenticator nobody =
        headers ->
            CompletableFuture.failedFuture(
                new ProblemException(Problem.of(ProblemCode.UNAUTHENTICATED, "who are you?")));
    try (TestGateway gateway =
            new TestGateway(() -> varve.clientBuilder().build(), nobody, StreamOptions.defaults());
        Http1Sse eventSource = new Http1Sse(gateway.port(), "?source=a")) {
      assertThat(eventSource.status()).isEqualTo(401);
    }
  }

  private static void assertToldToComeBack(Http1Sse client, int leastMillis, String reason) {
    assertThat(client.status()).isEqualTo(200);
    assertThat(client.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
    Matcher said =
        Pattern.compile("retry: (\\d+)\n\nevent: reconnect\ndata: (.*)\n\n").matcher(client.body());
    assertThat(said.matches()).isTrue();
    assertThat(Integer.parseInt(said.group(1))).isBetween(leastMillis, 5_000);
    assertThat(said.group(2)).isEqualTo("{\"reason\":\"" + reason + "\"}");
  }
}
