package io.varve.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The play with a smaller history; the launcher's own is run by CI. */
class PlayTest {
  private static final int ORDERS = 150;

  @TempDir Path directory;

  @Test
  void everythingHolds() throws Exception {
    String shown = play(Path.of("..").toAbsolutePath(), false);

    assertThat(shown)
        .contains("✓ one event for every commit and one for every file it changed: ")
        .contains("✓ Ada books it")
        .contains("✓ Grace asks for the same, a moment later, and is refused. Why:")
        .contains("was expected not to exist and is at version 1")
        .contains("it is answered each time with the original answer")
        .contains("✓ 100 times both expect the version they saw: one lands")
        .contains("is stopped in mid-flow")
        .containsPattern("✓ node-\\d took over")
        .containsPattern("✓ all \\d+ heartbeats landed once")
        .contains("All of it held.")
        .doesNotContain("✗");
    assertThat(shown.lines().filter(line -> line.matches(" *✓ node-\\d: .* events, digest .*")))
        .hasSize(3);
  }

  @Test
  void itCanBePlayedAgainOnTheSameDataAndShownAsJson() throws Exception {
    Path notARepository = directory;
    play(notARepository, false);

    List<JsonNode> steps = play(notARepository, true).lines().map(PlayTest::json).toList();

    assertThat(steps).hasSize(9).allMatch(step -> step.get("held").asBoolean());
    assertThat(steps)
        .extracting(step -> step.get("step").asInt())
        .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(steps.get(0).get("facts").toString())
        .contains("events from earlier are still there");
    assertThat(steps.get(1).get("facts")).isEmpty();
  }

  private String play(Path home, boolean json) throws InterruptedException {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    boolean held =
        Play.run(
            new Play.Setting(
                Optional.of(directory.resolve("data")), Optional.empty(), false, home, ORDERS),
            new PrintStream(shown, true, StandardCharsets.UTF_8),
            json,
            stop -> {});
    String text = shown.toString(StandardCharsets.UTF_8);
    assertThat(held).as(text).isTrue();
    return text;
  }

  private static JsonNode json(String line) {
    try {
      return new JsonMapper().readTree(line);
    } catch (java.io.IOException e) {
      throw new AssertionError(line, e);
    }
  }
}
