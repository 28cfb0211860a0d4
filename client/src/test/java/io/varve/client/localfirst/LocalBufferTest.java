package io.varve.client.localfirst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.ClientClosedException;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import io.varve.client.OverloadedException;
import io.varve.client.RetryPolicy;
import io.varve.client.localfirst.LocalStatus.State;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalBufferTest {

  private static final RetryPolicy FAST =
      new RetryPolicy(Duration.ofMillis(5), Duration.ofMillis(50), 2.0, Integer.MAX_VALUE);

  /** Nothing listens there: port 1 needs rights that no test has. */
  private static final URI NOWHERE = URI.create("http://127.0.0.1:1");

  @TempDir Path directory;

  private final FakeLog log = new FakeLog();
  private final FakeGateway gateway = new FakeGateway(log, 1);
  private final List<AutoCloseable> toClose = new ArrayList<>(List.of(gateway));

  @AfterEach
  void close() throws Exception {
    for (int i = toClose.size() - 1; i >= 0; i--) {
      toClose.get(i).close();
    }
  }

  private LocalBuffer.Builder builder(String name) {
    return LocalBuffer.builder().directory(directory).name(name).retry(FAST);
  }

  private LocalBuffer buffer(String name) {
    return open(builder(name).gateway(gateway.uri()));
  }

  private LocalBuffer open(LocalBuffer.Builder builder) {
    LocalBuffer buffer = builder.open();
    toClose.add(buffer);
    return buffer;
  }

  private static NewEvent paint(String key, String colour) {
    return NewEvent.builder("canvas", "Painted").key(key).data('"' + colour + '"').build();
  }

  private static Map<String, String> colours(LocalSource<Map<String, LocalEvent>> source) {
    Map<String, String> colours = new TreeMap<>();
    source.state().forEach((key, event) -> colours.put(key, event.data().toUtf8()));
    return colours;
  }

  static void eventually(String what, BooleanSupplier holds) {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(until);
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  static void get(CompletableFuture<?> future) {
    future.orTimeout(90, TimeUnit.SECONDS).join();
  }

  private List<Long> numbers(String clientId, String bufferId) {
    return log.events().stream()
        .filter(e -> e.clientId().equals(clientId) && e.bufferId().equals(bufferId))
        .map(Event::clientSequence)
        .toList();
  }

  @Test
  void appendsWithoutAGatewayAndPushesOnceThereIsOne() {
    try (LocalBuffer offline = builder("a").gateway(NOWHERE).open()) {
      LocalSource<Map<String, LocalEvent>> canvas = offline.source("canvas");
      assertThat(canvas.append(paint("1", "red"))).isEqualTo(1);
      assertThat(canvas.append(paint("2", "blue"))).isEqualTo(2);
      assertThat(canvas.append(paint("1", "green"))).isEqualTo(3);
      assertThat(colours(canvas)).isEqualTo(Map.of("1", "\"green\"", "2", "\"blue\""));
      assertThat(canvas.pending()).isEqualTo(3);
      eventually("offline", () -> offline.status().lastError().isPresent());
      assertThat(offline.status().state()).isEqualTo(State.OFFLINE);
    }

    LocalBuffer online = buffer("a");
    LocalSource<Map<String, LocalEvent>> canvas = online.source("canvas");
    assertThat(colours(canvas)).isEqualTo(Map.of("1", "\"green\"", "2", "\"blue\""));
    get(online.landed());

    assertThat(numbers(online.clientId(), online.bufferId())).containsExactly(1L, 2L, 3L);
    eventually("online", () -> online.status().state() == State.ONLINE);
    eventually("pulled", () -> canvas.state().values().stream().noneMatch(LocalEvent::pending));
    assertThat(colours(canvas)).isEqualTo(Map.of("1", "\"green\"", "2", "\"blue\""));
    assertThat(online.status()).isEqualTo(new LocalStatus(State.ONLINE, 0, 0, Optional.empty()));
    assertThat(online.logIdentity()).contains(log.identity());
  }

  @Test
  void showsEverythingAfterARestartOffline() {
    log.append(paint("1", "red"));
    log.append(NewEvent.builder("ledger", "Added").data("5").build());
    try (LocalBuffer buffer = buffer("a")) {
      get(buffer.source("canvas").caughtUp());
      get(buffer.source("ledger", 0, LocalBufferTest::add).caughtUp());
      buffer.simulateOffline(true);
      buffer.append(NewEvent.builder("ledger", "Added").data("7").build());
    }

    LocalBuffer offline = open(builder("a").gateway(NOWHERE));
    assertThat(colours(offline.source("canvas"))).isEqualTo(Map.of("1", "\"red\""));
    LocalSource<Integer> ledger = offline.source("ledger", 0, LocalBufferTest::add);
    assertThat(ledger.view()).isEqualTo(new LocalView<>(12, 1, 2, false));
  }

  private static Integer add(Integer sum, LocalEvent event) {
    return sum + Integer.parseInt(event.data().toUtf8());
  }

  @Test
  void followsWhatOthersAppendAndRemovesWhatTheyRemove() {
    LocalBuffer buffer = buffer("a");
    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas");
    List<LocalView<Map<String, LocalEvent>>> views = new CopyOnWriteArrayList<>();
    Registration registration = canvas.onChange(views::add);
    get(canvas.caughtUp());

    log.append(paint("1", "red"));
    eventually("red", () -> colours(canvas).equals(Map.of("1", "\"red\"")));
    eventually("told", () -> views.stream().anyMatch(view -> view.state().containsKey("1")));
    registration.close();

    log.append(NewEvent.builder("canvas", "Cleared").key("1").tombstone(true).build());
    eventually("cleared", () -> canvas.state().isEmpty());
    assertThat(canvas.view().position()).isEqualTo(2);
  }

  @Test
  void showsItsOwnEventUntilItsPositionHasBeenPulled() {
    LocalBuffer buffer = buffer("a");
    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas");
    get(canvas.caughtUp());
    List<String> seen = new CopyOnWriteArrayList<>();
    canvas.onChange(
        view -> view.state().values().forEach(event -> seen.add(event.data().toUtf8())));
    gateway.unreadableSources.add("canvas");
    gateway.endStreams("");
    eventually("cannot read", () -> buffer.status().lastError().isPresent());

    canvas.append(paint("1", "mine"));
    get(buffer.landed());
    assertThat(canvas.pending()).isZero();
    assertThat(canvas.state().get("1").pending()).isTrue();
    assertThat(colours(canvas)).isEqualTo(Map.of("1", "\"mine\""));

    eventually("told", () -> !seen.isEmpty()); // closing it ends that

    log.append(paint("1", "theirs"));
    canvas.close();
    eventually("nothing is asked for", () -> buffer.status().lastError().isEmpty());
    LocalSource<Map<String, LocalEvent>> again = buffer.source("canvas");
    assertThat(colours(again)).isEqualTo(Map.of("1", "\"mine\""));
    // Not before: a refusal that comes after the retry would hold for half a minute.
    eventually("cannot read", () -> buffer.status().lastError().isPresent());
    gateway.unreadableSources.clear();
    buffer.retry();
    eventually("theirs", () -> colours(again).equals(Map.of("1", "\"theirs\"")));
    assertThat(seen).containsOnly("\"mine\"");
  }

  /** Only the newest of a key comes back: what this buffer put there before must not stay on it. */
  @Test
  void showsItsNewestEventWhenThatComesBackBeforeItsPushWasAnswered() {
    gateway.faults = new FakeGateway.Faults(0, 100, 0, 0, 0);
    LocalBuffer buffer = buffer("a");
    buffer.simulateOffline(true);
    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas");
    canvas.append(paint("1", "older"));
    canvas.append(paint("1", "newer"));
    buffer.append(NewEvent.builder("other", "Painted").key("1").data("1").build());
    gateway.unreadableSources.add("canvas");
    buffer.simulateOffline(false);
    eventually("in the log", () -> log.head() == 3);
    gateway.unreadableSources.clear();
    buffer.retry();

    eventually("pulled", () -> canvas.view().position() == 3);
    assertThat(colours(canvas)).isEqualTo(Map.of("1", "\"newer\""));
    assertThat(canvas.state().get("1").pending()).isFalse();
    assertThat(canvas.pending()).isZero();
    assertThat(buffer.status().pending()).isEqualTo(3);

    gateway.faults = new FakeGateway.Faults(0, 0, 0, 0, 0);
    get(buffer.landed());
    assertThat(colours(canvas)).isEqualTo(Map.of("1", "\"newer\""));
    assertThat(log.head()).isEqualTo(3);
  }

  @Test
  void aReaderNeverSeesAnOlderStateWhileEventsLand() throws Exception {
    gateway.unreadableSources.add("canvas");
    LocalBuffer buffer = buffer("a");
    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas");
    canvas.append(count("z", 1));
    AtomicBoolean over = new AtomicBoolean();
    CompletableFuture<List<String>> reader =
        CompletableFuture.supplyAsync(() -> wentBack(canvas, over));
    for (int i = 2; i <= 300; i++) {
      canvas.append(count("z", i));
      get(buffer.landed());
    }
    over.set(true);
    assertThat(reader.get(90, TimeUnit.SECONDS)).isEmpty();
  }

  /** A source that is far behind is read anew as a whole, and shown when it is whole. */
  @Test
  void aReaderNeverSeesAPartOfAStateThatIsReadAnew() throws Exception {
    log.append(count("z", 1));
    LocalBuffer buffer = buffer("a");
    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas");
    get(canvas.caughtUp());
    buffer.simulateOffline(true);
    for (int i = 0; i < 10_000; i++) {
      log.append(count("k" + i % 900, i));
    }
    log.append(count("z", 2));
    AtomicBoolean over = new AtomicBoolean();
    CompletableFuture<List<String>> reader =
        CompletableFuture.supplyAsync(() -> wentBack(canvas, over));
    buffer.simulateOffline(false);
    eventually("all", () -> canvas.view().position() == 10_002);
    over.set(true);
    assertThat(reader.get(90, TimeUnit.SECONDS)).isEmpty();
  }

  private static NewEvent count(String key, int number) {
    return NewEvent.builder("canvas", "Counted").key(key).data("" + number).build();
  }

  /** Watches one key, whose events count up. */
  private static List<String> wentBack(
      LocalSource<Map<String, LocalEvent>> source, AtomicBoolean over) {
    List<String> found = new ArrayList<>();
    int shown = 1;
    while (!over.get() && found.size() < 10) {
      LocalEvent event = source.state().get("z");
      int now = event == null ? 0 : Integer.parseInt(event.data().toUtf8());
      if (now < shown) {
        found.add(now + " after " + shown);
      }
      shown = now;
    }
    return found;
  }

  @Test
  void losesNothingWhenACopysEventsComeBackUnderItsNumbers() throws Exception {
    try (LocalBuffer buffer = buffer("a")) {
      buffer.append(paint("1", "one"));
      get(buffer.landed());
    }
    Path copy = directory.resolve("copy");
    Files.createDirectory(copy);
    Files.copy(directory.resolve("a.mv.db"), copy.resolve("a.mv.db"));
    Files.copy(directory.resolve("a.key"), copy.resolve("a.key"));
    LocalBuffer original = buffer("a");
    original.append(paint("2", "original"));
    get(original.landed());

    gateway.overloads.set(Integer.MAX_VALUE);
    LocalBuffer other = open(builder("a").directory(copy).gateway(gateway.uri()));
    other.append(paint("2", "copy"));
    LocalSource<Map<String, LocalEvent>> canvas = other.source("canvas");
    get(canvas.caughtUp());
    assertThat(colours(canvas)).isEqualTo(Map.of("1", "\"one\"", "2", "\"copy\""));
    gateway.overloads.set(0);
    get(other.landed());
    assertThat(log.events().stream().map(event -> event.data().toUtf8()).toList())
        .containsExactly("\"one\"", "\"original\"", "\"copy\"");
  }

  @Test
  void holdsARejectedEventUntilItIsDiscardedAndSendsAVoid() {
    gateway.refusedSources.add("forbidden");
    LocalBuffer buffer = buffer("a");
    List<LocalStatus> statuses = new CopyOnWriteArrayList<>();
    buffer.onStatus(statuses::add);
    LocalSource<Map<String, LocalEvent>> forbidden = buffer.source("forbidden");
    buffer.simulateOffline(true);
    buffer.append(paint("1", "red"));
    buffer.append(NewEvent.builder("forbidden", "Tried").key("k").data("1").build());
    buffer.append(paint("2", "blue"));
    buffer.simulateOffline(false);

    eventually("rejected", () -> buffer.status().state() == State.REJECTED);
    eventually("the one before has landed", () -> log.head() == 1);
    eventually("two wait", () -> buffer.status().pending() == 2);
    eventually("told", () -> statuses.stream().anyMatch(s -> s.state() == State.REJECTED));
    assertThat(forbidden.state()).containsKey("k");
    assertThat(buffer.rejected())
        .singleElement()
        .satisfies(
            rejected -> {
              assertThat(rejected.clientSequence()).isEqualTo(2);
              assertThat(rejected.event().source()).isEqualTo("forbidden");
              assertThat(rejected.problem().code()).isEqualTo("PERMISSION_DENIED");
            });
    assertThatThrownBy(() -> buffer.discard(3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("clientSequence: 3");

    buffer.discard(2);
    get(buffer.landed());
    assertThat(forbidden.state()).isEmpty();
    assertThat(numbers(buffer.clientId(), buffer.bufferId())).containsExactly(1L, 3L);
    assertThat(log.landedThrough(buffer.clientId(), buffer.bufferId())).isEqualTo(3);
  }

  @Test
  void holdsAnEventAsRejectedOnlyWhenThoseBeforeItHaveLanded() {
    gateway.refusedSources.add("forbidden");
    gateway.maxPushes = 1;
    LocalBuffer buffer = buffer("a");
    buffer.simulateOffline(true);
    buffer.append(paint("1", "red"));
    buffer.append(NewEvent.builder("forbidden", "Painted").data("1").build());
    buffer.append(paint("2", "red"));
    buffer.simulateOffline(false);

    eventually("the refused run's sequel", () -> gateway.pushes.get() >= 3);
    assertThat(buffer.rejected()).isEmpty();
    assertThat(log.head()).isZero();

    gateway.maxPushes = Integer.MAX_VALUE;
    eventually("rejected", () -> !buffer.rejected().isEmpty());
    assertThat(buffer.rejected().get(0).clientSequence()).isEqualTo(2);
    assertThat(numbers(buffer.clientId(), buffer.bufferId())).containsExactly(1L);
  }

  @Test
  void triesARejectedEventAgainWhenTold() {
    gateway.refusedSources.add("canvas");
    try (LocalBuffer buffer = buffer("a")) {
      buffer.append(paint("1", "red"));
      eventually("rejected", () -> buffer.status().state() == State.REJECTED);
    }
    LocalBuffer again = buffer("a");
    assertThat(again.rejected()).hasSize(1);
    gateway.refusedSources.clear();
    again.retry();
    get(again.landed());
    assertThat(numbers(again.clientId(), again.bufferId())).containsExactly(1L);
  }

  @Test
  void halvesARunThatIsTooLargeAndRejectsOnlyTheEventThatIs() {
    LocalBuffer buffer = buffer("a");
    buffer.simulateOffline(true);
    gateway.maxBodyBytes = 20_000;
    for (int i = 0; i < 20; i++) {
      buffer.append(
          NewEvent.builder("s", "T")
              .data("\"" + "x".repeat(i == 13 ? 30_000 : 3_000) + "\"")
              .build());
    }
    buffer.simulateOffline(false);
    eventually("rejected", () -> buffer.status().rejected() == 1);
    assertThat(buffer.rejected().get(0).clientSequence()).isEqualTo(14);
    buffer.discard(14);
    get(buffer.landed());
    assertThat(numbers(buffer.clientId(), buffer.bufferId()))
        .containsExactlyElementsOf(
            LongStream.rangeClosed(1, 20).filter(n -> n != 14).boxed().toList());
  }

  @Test
  void sendsRunsOfAtMost500EventsAndWaitsWhenTold() {
    LocalBuffer buffer = buffer("a");
    buffer.simulateOffline(true);
    List<CompletableFuture<Long>> saved = new ArrayList<>();
    for (int i = 0; i < 1_200; i++) {
      saved.add(buffer.appendAsync(paint("k" + i, "red")));
    }
    saved.forEach(LocalBufferTest::get);
    gateway.overloads.set(2);
    buffer.simulateOffline(false);
    get(buffer.landed());
    assertThat(gateway.overloads).hasValue(0);
    assertThat(gateway.runs).allMatch(size -> size <= 500);
    assertThat(numbers(buffer.clientId(), buffer.bufferId()))
        .containsExactlyElementsOf(LongStream.rangeClosed(1, 1_200).boxed().toList());
  }

  @Test
  void provesItsIdentityAndGetsANewTokenWhenItsOwnIsNoLongerGood() {
    gateway.keys = true;
    LocalBuffer buffer = buffer("a");
    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas");
    canvas.append(paint("1", "red"));
    get(buffer.landed());
    get(canvas.caughtUp());
    assertThat(buffer.clientId()).hasSize(43);
    int before = gateway.tokens.get();

    gateway.revokeTokens();
    gateway.endStreams("event: reauthenticate\ndata: {\"expires\":\"2026-11-21T00:00:00Z\"}");
    canvas.append(paint("1", "blue"));
    get(buffer.landed());
    log.append(paint("2", "green"));
    eventually("followed", () -> canvas.state().containsKey("2"));
    assertThat(gateway.tokens.get()).isGreaterThan(before);
    assertThat(buffer.status().rejected()).isZero();
  }

  @Test
  void movesWhatHasNotLandedToANewBufferWhenTheLogIsAnother() {
    LocalBuffer buffer = buffer("a");
    List<BufferMove> moves = new CopyOnWriteArrayList<>();
    buffer.onMove(moves::add);
    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas");
    for (int i = 1; i <= 4; i++) {
      canvas.append(paint("" + i, "red"));
    }
    get(buffer.landed());
    eventually("pulled", () -> canvas.view().position() == 4);
    String before = buffer.bufferId();
    buffer.simulateOffline(true);
    canvas.append(paint("5", "red"));
    canvas.append(paint("6", "red"));

    log.restore(2);
    log.append(paint("1", "restored"));
    buffer.simulateOffline(false);
    eventually("told", () -> moves.size() == 1);
    get(buffer.landed());

    assertThat(moves)
        .containsExactly(new BufferMove("LOG_IDENTITY_MISMATCH", before, buffer.bufferId(), 2, 2));
    assertThat(buffer.bufferId()).isNotEqualTo(before);
    assertThat(numbers(buffer.clientId(), before)).containsExactly(1L, 2L);
    assertThat(numbers(buffer.clientId(), buffer.bufferId())).containsExactly(1L, 2L);
    eventually("pulled anew", () -> canvas.view().position() == 5);
    assertThat(colours(canvas))
        .isEqualTo(Map.of("1", "\"restored\"", "2", "\"red\"", "5", "\"red\"", "6", "\"red\""));
    assertThat(buffer.logIdentity()).contains(log.identity());
  }

  @Test
  void goesOnUnderANewIdWhenACopyHasUsedItsNumbers() throws Exception {
    try (LocalBuffer buffer = buffer("a")) {
      buffer.append(paint("1", "one"));
      get(buffer.landed());
    }
    Path copy = directory.resolve("copy");
    Files.createDirectory(copy);
    Files.copy(directory.resolve("a.mv.db"), copy.resolve("a.mv.db"));
    Files.copy(directory.resolve("a.key"), copy.resolve("a.key"));
    LocalBuffer original = buffer("a");
    original.simulateOffline(true);
    original.append(paint("2", "same"));
    original.append(paint("3", "original"));
    original.append(paint("4", "original"));
    original.simulateOffline(false);
    get(original.landed());

    LocalBuffer other = open(builder("a").directory(copy).gateway(gateway.uri()));
    List<BufferMove> moves = new CopyOnWriteArrayList<>();
    other.onMove(moves::add);
    other.simulateOffline(true);
    other.append(paint("2", "same"));
    other.append(paint("3", "copy"));
    other.append(paint("4", "copy"));
    other.simulateOffline(false);
    get(other.landed());

    eventually("told", () -> moves.size() == 1);
    assertThat(moves.get(0).reason()).isEqualTo("ORIGIN_DIVERGED");
    assertThat(moves.get(0).moved()).isEqualTo(2);
    assertThat(moves.get(0).lost()).isZero();
    assertThat(log.events().stream().map(event -> event.data().toUtf8()).toList())
        .containsExactly(
            "\"one\"", "\"same\"", "\"original\"", "\"original\"", "\"copy\"", "\"copy\"");
  }

  @Test
  void goesOnUnderANewIdWhenTheLogMissesSomeOfItsNumbers() {
    LocalBuffer buffer = buffer("a");
    List<BufferMove> moves = new CopyOnWriteArrayList<>();
    buffer.onMove(moves::add);
    for (int i = 1; i <= 3; i++) {
      buffer.append(paint("" + i, "red"));
    }
    get(buffer.landed());
    String before = buffer.bufferId();
    log.forget(buffer.clientId(), before, 2);
    buffer.append(paint("4", "red"));
    get(buffer.landed());
    eventually("told", () -> moves.size() == 1);
    assertThat(moves)
        .containsExactly(new BufferMove("SEQUENCE_GAP", before, buffer.bufferId(), 1, 2));
    assertThat(numbers(buffer.clientId(), buffer.bufferId())).containsExactly(1L);
  }

  @Test
  void readsAnewWhenTheLogIsShorterThanWhatWasPulled() {
    log.append(paint("1", "red"));
    log.append(paint("2", "red"));
    LocalBuffer buffer = buffer("a");
    LocalSource<Integer> count = buffer.source("canvas", 0, (n, event) -> n + 1);
    get(count.caughtUp());
    assertThat(count.state()).isEqualTo(2);
    buffer.simulateOffline(true);
    log.restore(1);
    buffer.simulateOffline(false);
    eventually("one", () -> count.view().equals(new LocalView<>(1, 0, 1, true)));
  }

  @Test
  void goesToAnotherGatewayWhenOneIsLostOrSendsItAway() {
    FakeGateway second = new FakeGateway(log, 2);
    toClose.add(second);
    LocalBuffer buffer = open(builder("a").gateway(NOWHERE, gateway.uri(), second.uri()));
    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas");
    canvas.append(paint("1", "red"));
    get(buffer.landed());
    get(canvas.caughtUp());

    gateway.endStreams("event: reconnect\ndata: {\"reason\":\"shutdown\"}");
    gateway.close();
    canvas.append(paint("2", "red"));
    get(buffer.landed());
    log.append(paint("3", "red"));
    eventually("followed", () -> canvas.state().size() == 3);
    assertThat(second.streams.get()).isPositive();
    assertThat(numbers(buffer.clientId(), buffer.bufferId())).containsExactly(1L, 2L);
  }

  @Test
  void readsManyKeysByPagesAndManyEventsByPages() {
    gateway.pageSize = 7;
    for (int i = 0; i < 40; i++) {
      log.append(paint("k" + i, "red"));
    }
    LocalBuffer buffer = buffer("a");
    LocalSource<Map<String, LocalEvent>> latest = buffer.source("canvas");
    get(latest.caughtUp());
    assertThat(latest.state()).hasSize(40);
    // More if opening it cut short a first attempt.
    assertThat(gateway.latestReads.get()).isGreaterThanOrEqualTo(6);
    latest.close();
    LocalSource<Integer> count = buffer.source("canvas", 0, (n, event) -> n + 1);
    get(count.caughtUp());
    assertThat(count.state()).isEqualTo(40);
  }

  @Test
  void oneSourceThatMayNotBeReadKeepsNobodyFromTheOthers() {
    gateway.unreadableSources.add("secret");
    LocalBuffer buffer = buffer("a");
    buffer.source("secret");
    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas");
    log.append(paint("1", "red"));
    eventually("red", () -> canvas.state().containsKey("1"));
    eventually(
        "told",
        () ->
            buffer
                .status()
                .lastError()
                .map(LocalProblem::code)
                .equals(Optional.of("PERMISSION_DENIED")));
  }

  /** It asks again and again, and is offline for as long: its sources are none the worse. */
  @Test
  void aClientThatIsNotLetInIsOfflineUntilItIs() {
    LocalBuffer buffer = buffer("a");
    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas");
    get(canvas.caughtUp());
    eventually("online", () -> buffer.status().state() == State.ONLINE);

    gateway.revoked = true;
    gateway.endStreams("");
    eventually("refused", () -> gateway.refusals.get() > 0);
    eventually("offline", () -> buffer.status().state() == State.OFFLINE);
    int refusals = gateway.refusals.get();
    eventually(
        "asked for again",
        () -> {
          assertThat(buffer.status().state()).isEqualTo(State.OFFLINE);
          return gateway.refusals.get() > refusals + 5;
        });
    assertThat(buffer.status().lastError()).map(LocalProblem::code).contains("CLIENT_REVOKED");

    gateway.revoked = false;
    eventually("online again", () -> buffer.status().state() == State.ONLINE);
  }

  @Test
  void aReduceFunctionThatFailsIsToldByItsSourceOnly() {
    log.append(NewEvent.builder("ledger", "Added").data("\"no number\"").build());
    LocalBuffer buffer = buffer("a");
    LocalSource<Integer> ledger = buffer.source("ledger", 0, LocalBufferTest::add);
    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas");
    get(ledger.caughtUp());
    assertThatThrownBy(ledger::state)
        .isInstanceOf(LocalBufferException.class)
        .hasMessageContaining("reduce failed at position 1 of ledger");
    canvas.append(paint("1", "red"));
    get(buffer.landed());
  }

  @Test
  void aFileIsOpenOnceOnly() throws Exception {
    LocalBuffer buffer = buffer("a");
    assertThatThrownBy(() -> buffer("a"))
        .isInstanceOf(LocalBufferException.class)
        .hasMessageContaining("a.mv.db is open in this process already");
    buffer.close();
    buffer("a").close();
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    assertThatThrownBy(
            () -> open(builder("a").gateway(NOWHERE).keyPair(generator.generateKeyPair())))
        .isInstanceOf(LocalBufferException.class)
        .hasMessageContaining("belongs to client " + buffer.clientId());
    buffer("a");
  }

  @Test
  void onlyTheOwnerMayReadItsFiles() throws Exception {
    buffer("a");
    for (String file : List.of("a.key", "a.mv.db")) {
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(file))))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void refusesWhatIsWrongPrecisely() throws Exception {
    LocalBuffer buffer = open(builder("a").gateway(NOWHERE).maxPending(2));
    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas");
    assertThatThrownBy(() -> canvas.append(NewEvent.builder("other", "T").build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("event.source: 'other' is not this source, 'canvas'");
    assertThatThrownBy(() -> canvas.append(canvas.event("").build()))
        .hasMessageContaining("event.type: must not be empty");
    assertThatThrownBy(() -> canvas.append(canvas.event("T").data(new byte[4 << 20]).build()))
        .hasMessageContaining("the limit is 5242880");
    assertThatThrownBy(() -> buffer.source("canvas"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'canvas' is open already");
    canvas.append(paint("1", "red"));
    canvas.append(paint("2", "red"));
    assertThatThrownBy(() -> canvas.append(paint("3", "red")))
        .isInstanceOf(OverloadedException.class)
        .hasMessageContaining("maxPending: 2");
    CompletableFuture<Void> landed = buffer.landed();
    buffer.close();
    assertThat(landed).isCompletedExceptionally();
    assertThatThrownBy(() -> canvas.append(paint("3", "red")))
        .isInstanceOf(ClientClosedException.class);
    assertThatThrownBy(() -> LocalBuffer.builder().gateway(URI.create("ftp://x/")))
        .hasMessageContaining("gateway: must be http://");
    assertThatThrownBy(() -> LocalBuffer.builder().name("../x"))
        .hasMessageContaining("name: 1 to 64");
    assertThatThrownBy(() -> LocalBuffer.builder().open()).hasMessageContaining("gateway: name");
    KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
    rsa.initialize(1024);
    assertThatThrownBy(() -> open(builder("b").gateway(NOWHERE).keyPair(rsa.generateKeyPair())))
        .hasMessageContaining("keyPair: must be an EC key pair on P-256");
  }
}
