package io.varve.gateway.whole;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendRequest;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.client.RetryPolicy;
import io.varve.client.localfirst.LocalBuffer;
import io.varve.client.localfirst.LocalEvent;
import io.varve.client.localfirst.LocalSource;
import io.varve.client.localfirst.LocalStatus;
import io.varve.client.localfirst.LocalStatus.State;
import io.varve.client.localfirst.RejectedEvent;
import io.varve.gateway.Gateway;
import io.varve.gateway.http.Eventually;
import io.varve.gateway.identity.ClientRecord;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityRecords;
import io.varve.testkit.FreePorts;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java local buffer against whole gateways before a real node. */
class LocalBufferGatewayTest extends WholeGatewayTest {
  private static final RetryPolicy FAST =
      new RetryPolicy(Duration.ofMillis(20), Duration.ofMillis(500), 2.0, Integer.MAX_VALUE);

  @TempDir Path directory;

  private final List<AutoCloseable> toClose = new ArrayList<>();
  private String name = "";

  @BeforeEach
  void newSource() {
    name = fresh("canvas/");
  }

  @AfterEach
  void closeAll() throws Exception {
    for (int i = toClose.size() - 1; i >= 0; i--) {
      toClose.get(i).close();
    }
    toClose.clear();
  }

  private LocalBuffer open(URI... gateways) {
    LocalBuffer buffer =
        LocalBuffer.builder().gateway(gateways).directory(directory).retry(FAST).open();
    toClose.add(buffer);
    return buffer;
  }

  private NewEvent paint(int cell, String colour) {
    return NewEvent.builder(name, "Painted").key("" + cell).data('"' + colour + '"').build();
  }

  private List<Event> events() {
    try (EventStream events = log.read(ReadOptions.ofSource(name))) {
      return events.stream().toList();
    }
  }

  /** The numbers of a buffer's events in the source, in the order of the log. */
  private List<Long> numbers(LocalBuffer buffer) {
    return events().stream()
        .filter(event -> event.clientId().equals(buffer.clientId()))
        .map(Event::clientSequence)
        .toList();
  }

  private static List<Long> upTo(long last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  /** What the log says that the source looks like: the newest event of each key. */
  private Map<String, String> merged() {
    Map<String, String> merged = new TreeMap<>();
    events().forEach(event -> merged.put(event.key(), event.data().toUtf8()));
    return merged;
  }

  private static Map<String, String> colours(LocalSource<Map<String, LocalEvent>> source) {
    Map<String, String> colours = new TreeMap<>();
    source.state().forEach((key, event) -> colours.put(key, event.data().toUtf8()));
    return colours;
  }

  private void converged(LocalBuffer buffer, LocalSource<Map<String, LocalEvent>> source) {
    LocalStatus online =
        Eventually.assertThat(buffer::status, status -> status.state() == State.ONLINE);
    assertThat(online.pending()).isZero();
    Map<String, String> truth = merged();
    Eventually.assertThat(
        () ->
            source.state().values().stream().noneMatch(LocalEvent::pending)
                ? colours(source)
                : Map.<String, String>of(),
        truth::equals);
  }

  private static void landed(LocalBuffer buffer) {
    buffer.landed().orTimeout(120, TimeUnit.SECONDS).join();
  }

  private Gateway startAt(int port) {
    return start(
        config ->
            config
                .withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .withDrain(Duration.ofSeconds(2)));
  }

  @Test
  void aNewDeviceRegistersItselfAndSyncs() {
    LocalBuffer buffer = open(gateway.uri());
    LocalSource<Map<String, LocalEvent>> source = buffer.source(name);
    source.append(paint(1, "red"));
    source.append(paint(2, "blue"));
    landed(buffer);

    assertThat(numbers(buffer)).containsExactly(1L, 2L);
    converged(buffer, source);
    assertThat(buffer.logIdentity()).isEqualTo(log.logIdentity());
    assertThat(
            log.readLatestPageAsync(
                    IdentityRecords.latest(IdentityRecords.clientKey(buffer.clientId())))
                .join()
                .events())
        .as("its record")
        .singleElement()
        .satisfies(event -> assertThat(event.type()).isEqualTo(IdentityRecords.CLIENT_REGISTERED));
  }

  @Test
  void aDeviceThatStartsOfflineSyncsOnceThereIsAGateway() {
    int port = FreePorts.next();
    URI uri = URI.create("http://127.0.0.1:" + port);
    try (LocalBuffer buffer =
        LocalBuffer.builder().gateway(uri).directory(directory).retry(FAST).open()) {
      assertThat(buffer.source(name).append(paint(1, "red"))).isEqualTo(1);
      Eventually.assertThat(buffer::status, status -> status.lastError().isPresent());
      assertThat(buffer.status().state()).isEqualTo(State.OFFLINE);
      assertThat(buffer.logIdentity()).isEmpty();
    }
    // Started again, still without a gateway: what was painted is there.
    LocalBuffer buffer = open(uri);
    LocalSource<Map<String, LocalEvent>> source = buffer.source(name);
    assertThat(colours(source)).isEqualTo(Map.of("1", "\"red\""));
    source.append(paint(2, "blue"));
    assertThat(events()).isEmpty();

    startAt(port);
    landed(buffer);

    assertThat(numbers(buffer)).containsExactly(1L, 2L);
    converged(buffer, source);
  }

  @Test
  void aRestartOfTheGatewayOnItsPortGoesUnnoticedButForTheWait() {
    int port = FreePorts.next();
    Gateway first = startAt(port);
    LocalBuffer buffer = open(first.uri());
    LocalSource<Map<String, LocalEvent>> source = buffer.source(name);
    source.append(paint(1, "red"));
    landed(buffer);
    source.caughtUp().orTimeout(60, TimeUnit.SECONDS).join();

    first.close();
    source.append(paint(2, "blue"));
    log.append(paint(3, "green")).orThrow();
    Eventually.assertThat(buffer::status, status -> status.state() == State.OFFLINE);
    assertThat(colours(source)).isEqualTo(Map.of("1", "\"red\"", "2", "\"blue\""));
    assertThat(numbers(buffer)).containsExactly(1L);

    startAt(port);
    landed(buffer);

    assertThat(numbers(buffer)).containsExactly(1L, 2L);
    converged(buffer, source);
    assertThat(colours(source)).containsEntry("3", "\"green\"");
  }

  @Test
  void oneOfTwoGatewaysIsEnough() {
    Gateway one = startAt(FreePorts.next());
    Gateway two = startAt(FreePorts.next());
    LocalBuffer buffer = open(one.uri(), two.uri());
    LocalSource<Map<String, LocalEvent>> source = buffer.source(name);
    source.append(paint(0, "red"));
    landed(buffer);
    source.caughtUp().orTimeout(60, TimeUnit.SECONDS).join();

    // In the middle of what flows in both directions.
    for (int i = 1; i <= 40; i++) {
      source.append(paint(i, "mine"));
      log.append(paint(100 + i, "theirs")).orThrow();
      if (i == 20) {
        one.close();
      }
    }
    landed(buffer);

    assertThat(numbers(buffer)).isEqualTo(upTo(41));
    converged(buffer, source);
    assertThat(source.state()).hasSize(81);
  }

  @Test
  void whatIsNotGrantedIsHeldUntilItIsGranted() {
    String closed = fresh("closed/");
    LocalBuffer buffer = open(gateway.uri());
    buffer.append(NewEvent.builder(closed, "Painted").data("1").build());
    buffer.append(paint(1, "red"));

    RejectedEvent rejected =
        Eventually.assertThat(buffer::rejected, list -> !list.isEmpty()).get(0);
    assertThat(rejected.clientSequence()).isEqualTo(1);
    assertThat(rejected.problem().code()).isEqualTo("PERMISSION_DENIED");
    assertThat(rejected.problem().detail()).contains(closed);
    assertThat(buffer.status().state()).isEqualTo(State.REJECTED);
    assertThat(events()).as("what is behind it waits").isEmpty();

    change(
        buffer,
        IdentityRecords.GRANTS_CHANGED,
        record -> record.withGrants(new Grants(List.of("canvas/"), List.of("canvas/", "closed/"))));
    // The gateway hears of it in a moment; until then a retry is refused as before.
    Eventually.assertThat(
        () -> {
          if (!buffer.rejected().isEmpty()) {
            buffer.retry();
          }
          return buffer.status().pending();
        },
        pending -> pending == 0);

    assertThat(log.version(closed)).isEqualTo(1);
    assertThat(numbers(buffer)).containsExactly(2L);
    assertThat(buffer.rejected()).isEmpty();
  }

  @Test
  void whatIsDiscardedGoesOutAsAVoid() {
    String closed = fresh("closed/");
    LocalBuffer buffer = open(gateway.uri());
    LocalSource<Map<String, LocalEvent>> source = buffer.source(name);
    source.append(paint(1, "red"));
    buffer.append(NewEvent.builder(closed, "Painted").data("1").build());
    source.append(paint(2, "blue"));
    Eventually.assertThat(buffer::rejected, list -> !list.isEmpty());
    assertThat(numbers(buffer)).containsExactly(1L);

    buffer.discard(2);
    landed(buffer);

    assertThat(numbers(buffer)).containsExactly(1L, 3L);
    assertThat(log.version(closed)).isZero();
    assertThat(log.originProgress(buffer.clientId(), buffer.bufferId()).lastSequence())
        .isEqualTo(3);
    converged(buffer, source);
  }

  @Test
  void tokensThatEndWhileItStreamsAreReplaced() throws Exception {
    Gateway brief =
        start(config -> config.withIdentity(identity().withTokenLifetime(Duration.ofSeconds(10))));
    LocalBuffer buffer = open(brief.uri());
    LocalSource<Map<String, LocalEvent>> source = buffer.source(name);
    // For two lives of a token and what the clocks' tolerance adds: the statement is about time.
    int sent = 0;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(32);
    while (System.nanoTime() < end) {
      sent++;
      source.append(paint(sent, "mine"));
      log.append(paint(1000 + sent, "theirs")).orThrow();
      TimeUnit.MILLISECONDS.sleep(200);
    }
    landed(buffer);

    assertThat(numbers(buffer)).isEqualTo(upTo(sent));
    converged(buffer, source);
    assertThat(source.state()).hasSize(2 * sent);
    try (EventStream tokens = log.read(ReadOptions.ofSource("_varve/tokens"))) {
      assertThat(tokens.stream().filter(event -> event.key().equals(buffer.clientId())).count())
          .as("tokens that it was given")
          .isGreaterThanOrEqualTo(3);
    }
  }

  @Test
  void aRevokedClientIsOutAndLosesNothing() {
    LocalBuffer buffer = open(gateway.uri());
    LocalSource<Map<String, LocalEvent>> source = buffer.source(name);
    source.append(paint(1, "red"));
    landed(buffer);
    source.caughtUp().orTimeout(60, TimeUnit.SECONDS).join();

    change(buffer, IdentityRecords.CLIENT_REVOKED, ClientRecord::revoke);
    LocalStatus out =
        Eventually.assertThat(
            buffer::status,
            status ->
                status.lastError().map(error -> error.code().equals("CLIENT_REVOKED")).orElse(false)
                    && status.state() == State.OFFLINE);
    assertThat(out.rejected()).as("nothing is held against its events").isZero();
    source.append(paint(2, "blue"));
    log.append(paint(3, "green")).orThrow();
    assertThat(colours(source)).isEqualTo(Map.of("1", "\"red\"", "2", "\"blue\""));
    assertThat(numbers(buffer)).containsExactly(1L);

    change(
        buffer,
        IdentityRecords.CLIENT_REGISTERED,
        record -> record.register(record.key().orElseThrow()));
    landed(buffer);

    assertThat(numbers(buffer)).containsExactly(1L, 2L);
    converged(buffer, source);
  }

  /** Changes what the log says about a buffer's client. */
  private void change(LocalBuffer buffer, String type, UnaryOperator<ClientRecord> change) {
    String key = IdentityRecords.clientKey(buffer.clientId());
    ClientRecord record =
        IdentityRecords.client(
            log.readLatestPageAsync(IdentityRecords.latest(key)).join().events().get(0));
    log.append(
            AppendRequest.of(List.of(IdentityRecords.event(type, change.apply(record))), List.of()))
        .orThrow();
  }
}
