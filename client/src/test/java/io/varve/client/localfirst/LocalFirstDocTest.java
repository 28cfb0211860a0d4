package io.varve.client.localfirst;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.NewEvent;
import io.varve.client.SnippetPage;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The snippets of {@code docs/local-first-java.md}: they compile, they run, and the page shows
 * exactly them ({@link SnippetPage}).
 */
class LocalFirstDocTest {

  private static final Path PAGE = Path.of("..", "docs", "local-first-java.md");
  private static final Path SOURCE =
      Path.of(
          "src", "test", "java", "io", "varve", "client", "localfirst", "LocalFirstDocTest.java");

  @TempDir Path directory;

  private final FakeLog log = new FakeLog();
  private final FakeGateway gateway = new FakeGateway(log, 1);
  private final List<String> printed = new CopyOnWriteArrayList<>();

  private void print(Object what) {
    printed.add(String.valueOf(what));
  }

  @AfterEach
  void close() {
    gateway.close();
  }

  private LocalBuffer open() {
    return LocalBuffer.builder().gateway(gateway.uri()).directory(directory).open();
  }

  @Test
  void thePageShowsExactlyTheseSnippets() throws IOException {
    SnippetPage.assertShows(PAGE, SOURCE);
  }

  @Test
  void startsAndAppends() {
    URI address = gateway.uri();
    // snippet: open
    LocalBuffer buffer =
        LocalBuffer.builder()
            .gateway(address) // several are tried in turn
            .directory(directory)
            .open();

    LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas/main");
    canvas.append(canvas.event("Painted").key("4:2").data("\"red\"").build()); // on disk now
    print(canvas.state().get("4:2").data().toUtf8());
    // end
    assertThat(printed).containsExactly("\"red\"");
    // snippet: landed
    buffer.landed().orTimeout(60, TimeUnit.SECONDS).join(); // everything is in the log
    buffer.close();
    // end
    assertThat(log.head()).isEqualTo(1);
  }

  @Test
  void reduces() {
    try (LocalBuffer buffer = open()) {
      // snippet: reduce
      LocalSource<Integer> counter =
          buffer.source(
              "counter",
              0,
              (sum, event) ->
                  event.type().equals("Added")
                      ? sum + Integer.parseInt(event.data().toUtf8())
                      : sum);
      counter.append(counter.event("Added").data("5").build());
      print(counter.state());
      // end
    }
    assertThat(printed).containsExactly("5");
  }

  @Test
  void listens() {
    try (LocalBuffer buffer = open()) {
      LocalSource<Map<String, LocalEvent>> canvas = buffer.source("canvas/main");
      // snippet: listen
      Registration changes =
          canvas.onChange(
              view -> print(view.state().size() + " cells, " + view.pending() + " to send"));
      buffer.onStatus(status -> print(status.state()));
      // end
      // It may be online already, and nothing to tell.
      buffer.simulateOffline(true);
      buffer.simulateOffline(false);
      log.append(NewEvent.builder("canvas/main", "Painted").key("1:1").build());
      LocalBufferTest.eventually("told", () -> printed.contains("1 cells, 0 to send"));
      LocalBufferTest.eventually("online", () -> printed.contains("ONLINE"));
      changes.close();
    }
  }

  @Test
  void appendsWithoutReading() {
    try (LocalBuffer buffer = open()) {
      // snippet: write-only
      CompletableFuture<Long> saved =
          buffer.appendAsync(NewEvent.builder("device-7", "Measured").data("21.5").build());
      // end
      LocalBufferTest.get(saved);
      LocalBufferTest.get(buffer.landed());
    }
    assertThat(log.head()).isEqualTo(1);
  }

  @Test
  void decidesAboutRejectedEvents() {
    gateway.refusedSources.add("forbidden");
    try (LocalBuffer buffer = open()) {
      buffer.append(NewEvent.builder("forbidden", "Tried").build());
      LocalBufferTest.eventually("rejected", () -> buffer.status().rejected() == 1);
      // snippet: rejected
      for (RejectedEvent rejected : buffer.rejected()) {
        print(rejected.clientSequence() + ": " + rejected.problem().code());
        buffer.discard(rejected.clientSequence()); // or, once it is allowed: buffer.retry()
      }
      // end
      LocalBufferTest.get(buffer.landed());
    }
    assertThat(printed).containsExactly("1: PERMISSION_DENIED");
  }

  @Test
  void tellsOfMoves() {
    try (LocalBuffer buffer = open()) {
      // snippet: moves
      buffer.onMove(
          move -> print(move.reason() + ": " + move.moved() + " moved, " + move.lost() + " lost"));
      // end
      buffer.append(NewEvent.builder("s", "T").build());
      LocalBufferTest.get(buffer.landed());
      log.restore(0);
      buffer.append(NewEvent.builder("s", "T").build());
      LocalBufferTest.eventually(
          "moved", () -> printed.contains("LOG_IDENTITY_MISMATCH: 1 moved, 1 lost"));
    }
  }

  @Test
  void canBeTuned() {
    URI first = gateway.uri();
    URI second = gateway.uri();
    // snippet: tune
    LocalBuffer.Builder builder =
        LocalBuffer.builder()
            .gateway(first, second)
            .directory(directory)
            .name("kiosk-3") // several buffers may share a directory
            .requestTimeout(Duration.ofSeconds(10))
            .maxPending(1_000_000);
    // end
    builder.open().close();
  }
}
