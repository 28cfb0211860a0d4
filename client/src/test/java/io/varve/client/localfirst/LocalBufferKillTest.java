package io.varve.client.localfirst;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Event;
import io.varve.client.NewEvent;
import io.varve.client.RetryPolicy;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that appends and pushes is killed at random instants, over and over. */
class LocalBufferKillTest {

  private static final int KILLS = 6;
  private static final int SIGKILLED = 128 + 9;

  @TempDir Path directory;

  @Test
  void losesNothingThatAppendReturnedForAndNeverReusesANumber() throws Exception {
    Random random = new Random(17);
    FakeLog log = new FakeLog();
    Map<Long, String> returned = new HashMap<>();
    try (FakeGateway gateway = new FakeGateway(log, 17)) {
      gateway.faults = new FakeGateway.Faults(0, 10, 0, 20, 0);
      for (int kill = 0; kill < KILLS; kill++) {
        Process child = start(gateway.uri(), kill);
        List<String> lines = new ArrayList<>();
        int enough = 20 + random.nextInt(150);
        try (BufferedReader out = child.inputReader(StandardCharsets.UTF_8)) {
          String line;
          while ((line = out.readLine()) != null) {
            lines.add(line);
            if (lines.size() == enough) {
              // By its handle: the process's own method would close what is read from here.
              assertThat(child.toHandle().destroyForcibly()).isTrue();
            }
          }
        }
        assertThat(child.waitFor()).as("how run %s ended", kill).isEqualTo(SIGKILLED);
        assertThat(lines).hasSizeGreaterThanOrEqualTo(enough);
        for (String line : lines) {
          // The last line may be cut; append had returned for all the others.
          String[] parts = line.split(" ", -1);
          if (parts.length == 3 && parts[2].equals(".")) {
            String before = returned.put(Long.parseLong(parts[0]), parts[1]);
            assertThat(before).as("what number %s had been", parts[0]).isNull();
          }
        }
      }

      List<BufferMove> moves = new ArrayList<>();
      try (LocalBuffer buffer = open(directory, gateway.uri())) {
        buffer.onMove(moves::add);
        LocalBufferTest.get(buffer.landed());
      }
      assertThat(moves).isEmpty();
    }
    List<Event> events = log.events();
    assertThat(events.stream().map(Event::clientSequence))
        .containsExactlyElementsOf(LongStream.rangeClosed(1, events.size()).boxed().toList());
    assertThat(returned).hasSizeGreaterThanOrEqualTo(KILLS * 19);
    returned.forEach(
        (number, text) ->
            assertThat(events.get(number.intValue() - 1).data().toUtf8())
                .as("number %s", number)
                .isEqualTo('"' + text + '"'));
  }

  private Process start(URI gateway, int run) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Appending.class.getName(),
            directory.toString(),
            gateway.toString(),
            Integer.toString(run))
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static LocalBuffer open(Path directory, URI gateway) {
    return LocalBuffer.builder()
        .directory(directory)
        .gateway(gateway)
        .retry(new RetryPolicy(Duration.ofMillis(2), Duration.ofMillis(40), 2.0, Integer.MAX_VALUE))
        .open();
  }

  /** The process: appends for as long as it lives, and prints what {@code append} returned for. */
  static final class Appending {
    private Appending() {}

    public static void main(String[] arguments) {
      LocalBuffer buffer = open(Path.of(arguments[0]), URI.create(arguments[1]));
      var source = buffer.source("s");
      for (long i = 0; ; i++) {
        String text = arguments[2] + "-" + i;
        NewEvent event = source.event("T").key("k" + i % 10).data('"' + text + '"').build();
        System.out.println(source.append(event) + " " + text + " .");
      }
    }
  }
}
