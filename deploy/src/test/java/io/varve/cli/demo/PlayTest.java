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

    assertThat(steps).hasSize(10).allMatch(step -> step.get("held").asBoolean());
    assertThat(steps)
        .extracting(step -> step.get("step").asInt())
        .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    assertThat(steps.get(0).get("facts").toString())
        .contains("events from earlier are still there");
    assertThat(steps.get(1).get("facts")).isEmpty();
  }

  /** Too few orders for the story that is to be read: a step that cannot hold. */
  @Test
  void aStepThatDoesNotHoldEndsItAndIsNamed() throws Exception {
    ByteArrayOutputStream people = new ByteArrayOutputStream();
    ByteArrayOutputStream json = new ByteArrayOutputStream();

    assertThat(play(directory, 3, false, people)).isFalse();
    assertThat(play(directory, 3, true, json)).isFalse();

    assertThat(people.toString(StandardCharsets.UTF_8))
        .contains("    ✗ no event carries the tag order:17")
        .contains("Step 4 failed: One order's story")
        .doesNotContain("All of it held");
    List<JsonNode> steps =
        json.toString(StandardCharsets.UTF_8).lines().map(PlayTest::json).toList();
    assertThat(steps)
        .extracting(step -> step.get("held").asBoolean())
        .containsExactly(true, true, true, false);
    assertThat(steps.get(3).get("failure").asText()).contains("order:17");
  }

  private String play(Path home, boolean json) throws InterruptedException {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    boolean held = play(home, ORDERS, json, shown);
    String text = shown.toString(StandardCharsets.UTF_8);
    assertThat(held).as(text).isTrue();
    return text;
  }

  private boolean play(Path home, int orders, boolean json, ByteArrayOutputStream shown)
      throws InterruptedException {
    return Play.run(
        new Play.Setting(
            Optional.of(directory.resolve("data")), Optional.empty(), false, home, orders),
        new PrintStream(shown, true, StandardCharsets.UTF_8),
        json,
        stop -> {});
  }

  private static JsonNode json(String line) {
    try {
      return new JsonMapper().readTree(line);
    } catch (java.io.IOException e) {
      throw new AssertionError(line, e);
    }
  }
}
