package io.varve.gateway.whole;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import io.varve.client.AppendResult.Conflict;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ExpectedVersion;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.client.localfirst.LocalBuffer;
import io.varve.client.localfirst.LocalEvent;
import io.varve.client.localfirst.LocalSource;
import io.varve.gateway.http.Eventually;
import io.varve.gateway.http.Http;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Live writes and local-first ones on one source: what a service decided on a version from before a
 * device's sync is refused, naming the device's event; what the device wrote lands all the same.
 */
class BothPatternsTest extends WholeGatewayTest {
  private String source = "";
  private String buffer = "";

  @BeforeEach
  void newSource() {
    source = fresh("canvas/");
    buffer = fresh("buffer-");
    log.append(
            AppendRequest.of(List.of(live("Opened"), live("Counted"), live("Counted")), List.of()))
        .orThrow();
  }

  private NewEvent live(String type) {
    return NewEvent.builder(source, type).data("{}").build();
  }

  private List<Event> events() {
    try (EventStream events = log.read(ReadOptions.ofSource(source))) {
      return events.stream().toList();
    }
  }

  /** Pushes what a device wrote a while ago; its position. */
  private long push(long number, String type) {
    Http.Answer answer =
        asAlice.post(
            "/v1/push",
            "{\"bufferId\":\""
                + buffer
                + "\",\"events\":[{\"clientSeq\":"
                + number
                + ",\"source\":\""
                + source
                + "\",\"type\":\""
                + type
                + "\",\"data\":{\"n\":"
                + number
                + "}}]}");
    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    return answer.json().at("/positions/0/position").asLong();
  }

  @Test
  void aServicesStaleAppendIsRefusedNamingTheDevicesEventAndTheDevicesPushLands() {
    long read = log.version(source);
    assertThat(read).isEqualTo(3);

    long synced = push(1, "PaintedOffline");
    AppendResult refused =
        nothingIsAppended(() -> log.append(live("Decided"), ExpectedVersion.exactly(source, read)));

    assertThat(refused).isInstanceOf(Conflict.class);
    assertThat(((Conflict) refused).failed())
        .singleElement()
        .satisfies(
            failed -> {
              assertThat(failed.expected()).isEqualTo(ExpectedVersion.exactly(source, read));
              assertThat(failed.foundVersion()).isEqualTo(read + 1);
              assertThat(failed.newest())
                  .contains(new AppendResult.ConflictingEvent(synced, source, "PaintedOffline"));
            });

    // It reads what the device wrote and decides again.
    long readAgain = log.version(source);
    Appended decided =
        log.append(live("Decided"), ExpectedVersion.exactly(source, readAgain)).orThrow();
    assertThat(decided.version(source)).isEqualTo(5);
    // The device knows nothing of that, and needs not.
    long later = push(2, "PaintedOffline");

    assertThat(later).isGreaterThan(decided.lastPosition());
    assertThat(events())
        .extracting(Event::type)
        .containsExactly(
            "Opened", "Counted", "Counted", "PaintedOffline", "Decided", "PaintedOffline");
    assertThat(events()).extracting(Event::version).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
  }

  @Test
  void aServiceThatSpeaksOnlyHttpIsToldTheSame() {
    String encoded = Http.encoded(source);
    String address = "/v1/events?source=" + encoded;
    String decision = "{\"events\":[{\"type\":\"Decided\"}]}";
    Http service = asBob;
    String read = service.get("/v1/source?source=" + encoded).header("etag");
    assertThat(read).isEqualTo("\"3\"");

    long synced = push(1, "PaintedOffline");
    Http.Answer refused =
        refused("412 CONFLICT", "", () -> service.post(address, decision, "If-Match", read));

    assertThat(refused.json().path("failed").toString())
        .isEqualTo(
            "[{\"condition\":0,\"expected\":3,\"found\":4,\"position\":"
                + synced
                + ",\"source\":\""
                + source
                + "\",\"type\":\"PaintedOffline\"}]");
    Http.Answer inTheBody =
        refused(
            "412 CONFLICT",
            "",
            () ->
                service.post(
                    address,
                    "{\"events\":[{\"type\":\"Decided\"}],\"conditions\":[{\"source\":\""
                        + source
                        + "\",\"version\":3}]}"));
    assertThat(inTheBody.json().path("failed")).isEqualTo(refused.json().path("failed"));

    String readAgain = service.get("/v1/source?source=" + encoded).header("etag");
    Http.Answer decided = service.post(address, decision, "If-Match", readAgain);
    assertThat(decided.status()).as(decided.toString()).isEqualTo(200);
    assertThat(decided.header("etag")).isEqualTo("\"5\"");
    push(2, "PaintedOffline");
    assertThat(events())
        .extracting(Event::type)
        .containsExactly(
            "Opened", "Counted", "Counted", "PaintedOffline", "Decided", "PaintedOffline");
  }

  @Test
  void aScopeIsRefusedForTheDevicesEventToo() {
    long known = head();
    long synced = push(1, "PaintedOffline");
    Http.Answer refused =
        refused(
            "412 CONFLICT",
            "",
            () ->
                asBob.post(
                    "/v1/events?source=" + Http.encoded(source),
                    "{\"events\":[{\"type\":\"Decided\"}],\"conditions\":[{\"anyOf\":[{\"source\":\""
                        + source
                        + "\",\"types\":[\"PaintedOffline\"]}],\"after\":"
                        + known
                        + "}]}"));
    assertThat(refused.json().at("/failed/0/position").asLong()).isEqualTo(synced);
    assertThat(refused.json().at("/failed/0/type").asText()).isEqualTo("PaintedOffline");
  }

  @Test
  void aDeviceWithARealBufferSyncsIntoAServicesDecision(@TempDir Path directory) throws Exception {
    try (LocalBuffer device =
        LocalBuffer.builder().gateway(gateway.uri()).directory(directory).open()) {
      LocalSource<Map<String, LocalEvent>> mine = device.source(source);
      mine.caughtUp().get(60, TimeUnit.SECONDS);
      device.simulateOffline(true);
      mine.append(mine.event("PaintedOffline").key("1,1").data("\"red\"").build());
      mine.append(mine.event("PaintedOffline").key("1,2").data("\"blue\"").build());
      // Offline changes nothing for anybody else.
      long read = log.version(source);
      assertThat(
              log.append(live("Decided"), ExpectedVersion.exactly(source, read))
                  .orThrow()
                  .version(source))
          .isEqualTo(4);

      device.simulateOffline(false);
      device.landed().get(60, TimeUnit.SECONDS);

      AppendResult refused =
          nothingIsAppended(() -> log.append(live("Decided"), ExpectedVersion.exactly(source, 4)));
      Event newest = events().get(5);
      assertThat(newest.clientId()).isEqualTo(device.clientId());
      assertThat(((Conflict) refused).failed().get(0).foundVersion()).isEqualTo(6);
      assertThat(((Conflict) refused).failed().get(0).newest())
          .contains(new AppendResult.ConflictingEvent(newest.position(), source, "PaintedOffline"));
      Http.Answer overHttp =
          refused(
              "412 CONFLICT",
              "",
              () ->
                  asBob.post(
                      "/v1/events?source=" + Http.encoded(source),
                      "{\"events\":[{\"type\":\"Decided\"}]}",
                      "If-Match",
                      "\"4\""));
      assertThat(overHttp.json().at("/failed/0/position").asLong()).isEqualTo(newest.position());

      // The service overwrites a cell that the device believes it painted; then the device paints
      // another, on what it knew.
      device.simulateOffline(true);
      log.append(
              NewEvent.builder(source, "Decided").key("1,1").data("\"green\"").build(),
              ExpectedVersion.exactly(source, 6))
          .orThrow();
      mine.append(mine.event("PaintedOffline").key("1,2").data("\"white\"").build());
      device.simulateOffline(false);
      device.landed().get(60, TimeUnit.SECONDS);

      Map<String, String> merged =
          Eventually.assertThat(
              () ->
                  mine.state().entrySet().stream()
                      .filter(cell -> !cell.getValue().pending())
                      .collect(
                          Collectors.toMap(
                              Map.Entry::getKey, cell -> cell.getValue().data().toUtf8())),
              cells -> "\"green\"".equals(cells.get("1,1")) && cells.containsKey("1,2"));
      assertThat(merged).isEqualTo(Map.of("1,1", "\"green\"", "1,2", "\"white\""));
      assertThat(events())
          .filteredOn(event -> event.clientId().equals(device.clientId()))
          .extracting(Event::clientSequence)
          .containsExactly(1L, 2L, 3L);
    }
  }

  @Test
  void underContentionEachDecisionSawEverythingBeforeItAndEachPushLandsOnce() {
    int pushes = 60;
    int decisions = 40;
    CompletableFuture<Void> device =
        CompletableFuture.runAsync(
            () -> LongStream.rangeClosed(1, pushes).forEach(n -> push(n, "PaintedOffline")));
    List<Conflict> conflicts = new ArrayList<>();
    for (int made = 0; made < decisions; ) {
      long read = log.version(source);
      AppendResult result =
          log.append(
              NewEvent.builder(source, "Decided").data("{\"read\":" + read + "}").build(),
              ExpectedVersion.exactly(source, read));
      if (result instanceof Conflict conflict) {
        conflicts.add(conflict);
      } else {
        made++;
      }
    }
    device.orTimeout(120, TimeUnit.SECONDS).join();

    List<Event> all = events();
    assertThat(all).hasSize(3 + pushes + decisions);
    assertThat(all)
        .filteredOn(event -> event.type().equals("Decided"))
        .hasSize(decisions)
        .allSatisfy(
            event ->
                assertThat(event.data().toUtf8())
                    .isEqualTo("{\"read\":" + (event.version() - 1) + "}"));
    assertThat(all)
        .filteredOn(event -> event.type().equals("PaintedOffline"))
        .extracting(Event::clientSequence)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, pushes).boxed().toList());
    // Only the device's events can have come in between.
    assertThat(conflicts)
        .allSatisfy(
            conflict ->
                assertThat(conflict.failed().get(0).newest().orElseThrow().type())
                    .isEqualTo("PaintedOffline"));
  }
}
