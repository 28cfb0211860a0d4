package io.varve.client.localfirst;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Event;
import io.varve.client.NewEvent;
import io.varve.client.RetryPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Buffers over a network that loses, repeats, delays and cuts: the log has each buffer's numbers
 * once and in order, and in the end all show the same. The seed fixes what the buffers and the
 * network do; how threads meet is different every time.
 */
class LocalBufferConvergenceTest {

  private static final int BUFFERS = 6;
  private static final int STEPS = 300;
  private static final int MAX_KEYS = 25;

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void allConverge(long seed) {
    Random random = new Random(seed);
    FakeLog log = new FakeLog();
    FakeGateway one = new FakeGateway(log, seed);
    FakeGateway two = new FakeGateway(log, seed + 1_000);
    FakeGateway.Faults hostile = new FakeGateway.Faults(5, 10, 20, 30, 3);
    one.faults = hostile;
    two.faults = hostile;
    Device[] devices = new Device[BUFFERS];
    for (int i = 0; i < BUFFERS; i++) {
      devices[i] = new Device("device" + i, one, two);
    }
    List<CompletableFuture<Long>> saved = new ArrayList<>();
    try {
      for (int step = 0; step < STEPS; step++) {
        Device device = devices[random.nextInt(BUFFERS)];
        switch (random.nextInt(12)) {
          case 0 -> device.buffer.simulateOffline(true);
          case 1 -> device.buffer.simulateOffline(false);
          case 2 -> device.reopen();
          case 3 -> one.endStreams(random.nextBoolean() ? "" : "event: reconnect\ndata: {}");
          default -> {
            NewEvent event =
                NewEvent.builder(random.nextInt(3) == 0 ? "counted" : "canvas", "Painted")
                    .key("k" + random.nextInt(MAX_KEYS))
                    .tombstone(random.nextInt(8) == 0)
                    .data("\"" + step + "\"")
                    .build();
            saved.add(device.append(event));
          }
        }
      }
      // With the network as bad as ever: only being offline ends.
      for (Device device : devices) {
        device.buffer.simulateOffline(false);
        LocalBufferTest.get(device.buffer.landed());
      }
      long head = log.head();
      assertThat(head).isEqualTo(saved.size());
      for (Device device : devices) {
        LocalBufferTest.eventually("pulled", () -> device.canvas.view().position() >= head);
        LocalBufferTest.eventually("counted", () -> device.count.view().position() >= head);
      }
    } finally {
      for (Device device : devices) {
        device.buffer.close();
      }
      one.close();
      two.close();
    }

    Map<String, List<Long>> numbers = new HashMap<>();
    TreeMap<String, String> expected = new TreeMap<>();
    int counted = 7;
    int cuts = 0;
    for (Event event : log.events()) {
      numbers
          .computeIfAbsent(event.clientId(), id -> new ArrayList<>())
          .add(event.clientSequence());
      if (event.source().equals("counted")) {
        counted = 31 * counted + event.data().hashCode();
      } else if (event.tombstone()) {
        expected.remove(event.key());
      } else {
        expected.put(event.key(), event.data().toUtf8());
      }
    }
    for (Device device : devices) {
      assertThat(numbers.getOrDefault(device.buffer.clientId(), List.of()))
          .containsExactlyElementsOf(LongStream.rangeClosed(1, device.appended).boxed().toList());
      assertThat(device.shown()).as(device.name).isEqualTo(expected);
      assertThat(device.count.state()).as(device.name).isEqualTo(counted);
      assertThat(device.moves).isZero();
    }
    // The faults did happen.
    for (FakeGateway gateway : List.of(one, two)) {
      cuts += gateway.cuts.get();
      assertThat(gateway.droppedBefore.get() + gateway.droppedAfter.get()).isPositive();
    }
    assertThat(cuts).as("streams cut").isPositive();
    assertThat(one.droppedAfter.get() + two.droppedAfter.get()).as("answers lost").isPositive();
    assertThat(one.duplicated.get() + two.duplicated.get()).as("repeated").isPositive();
  }

  private final class Device {
    private final String name;
    private final FakeGateway[] gateways;
    private LocalBuffer buffer;
    private LocalSource<Map<String, LocalEvent>> canvas;
    private LocalSource<Integer> count;
    private long appended;
    private volatile int moves;

    Device(String name, FakeGateway... gateways) {
      this.name = name;
      this.gateways = gateways;
      this.buffer = open();
      this.canvas = buffer.source("canvas");
      this.count = counting();
    }

    private LocalBuffer open() {
      LocalBuffer opened =
          LocalBuffer.builder()
              .gateway(gateways[0].uri(), gateways[1].uri())
              .directory(directory)
              .name(name)
              .retry(
                  new RetryPolicy(
                      Duration.ofMillis(2), Duration.ofMillis(40), 2.0, Integer.MAX_VALUE))
              .open();
      opened.onMove(move -> moves = 1);
      return opened;
    }

    /** Depends on the order: that of positions is the same for all. */
    private LocalSource<Integer> counting() {
      return buffer.source("counted", 7, (n, event) -> 31 * n + event.data().hashCode());
    }

    void reopen() {
      buffer.close();
      buffer = open();
      canvas = buffer.source("canvas");
      count = counting();
    }

    CompletableFuture<Long> append(NewEvent event) {
      appended++;
      return buffer.appendAsync(event);
    }

    Map<String, String> shown() {
      Map<String, String> shown = new TreeMap<>();
      canvas.state().forEach((key, event) -> shown.put(key, event.data().toUtf8()));
      return shown;
    }
  }
}
