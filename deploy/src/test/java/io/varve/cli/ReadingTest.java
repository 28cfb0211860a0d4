package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code read}, {@code tail}, {@code source}, {@code head}. */
@ExtendWith(SharedCluster.class)
class ReadingTest {
  private Cli cli = new Cli();
  private String source = "";

  @BeforeEach
  void writeFive(Cli cli) {
    this.cli = cli;
    this.source = "reading-" + UUID.randomUUID();
    append(1, 2, 3, 4, 5);
  }

  @Test
  void readsOneSource() {
    assertThat(versions("read", "--source", source)).containsExactly(1, 2, 3, 4, 5);
    assertThat(versions("read", "--source", source, "--limit", "2")).containsExactly(1, 2);
    assertThat(versions("read", "--source", source, "--backward", "--limit", "2"))
        .containsExactly(5, 4);
    assertThat(versions("read", "--source", source + "-none")).isEmpty();
  }

  @Test
  void readsByFilter() {
    String odd =
        "{\"anyOf\":[{\"tags\":[\"odd\"],\"source\":\"" + source + "\",\"types\":[\"T\",\"U\"]}]}";

    assertThat(versions("read", "--filter", odd)).containsExactly(1, 3, 5);
    assertThat(versions("read", "--filter", odd, "--backward")).containsExactly(5, 3, 1);
  }

  @Test
  void readsFromAPosition() {
    List<JsonNode> all = cli.run("read", "--json", "--source", source).json();
    String third = all.get(2).get("position").asText();

    assertThat(versions("read", "--source", source, "--from", third)).containsExactly(3, 4, 5);
    assertThat(versions("read", "--source", source, "--from", third, "--backward"))
        .containsExactly(3, 2, 1);
    assertThat(cli.run("read", "--json", "--from", third, "--limit", "1").onlyJson())
        .isEqualTo(all.get(2));
  }

  @Test
  void readsLocally() {
    String head = cli.run("head", "--json").onlyJson().get("head").asText();

    // Whoever answers has applied most of it; a local answer is only never wrong.
    assertThat(cli.run("read", "--local", "--limit", "1", "--json").json()).hasSize(1);
    assertThat(cli.run("head", "--local", "--json").onlyJson().get("head").asLong())
        .isLessThanOrEqualTo(Long.parseLong(head));
  }

  @Test
  void anEmptyFilterIsRefused() {
    Cli.Result result = cli.run("read", "--json", "--filter", "{\"anyOf\":[]}");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.onlyJson().get("code").asText()).isEqualTo("INVALID_ARGUMENT");
  }

  @Test
  void printsAlignedLinesForPeople() {
    List<String> lines = cli.run("read", "--source", source).lines();

    assertThat(lines).hasSize(5);
    assertThat(lines.get(0))
        .matches(
            " *\\d+  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3}  "
                + source
                + " v1  T +\\{\"n\":1\\}  #odd");
    assertThat(lines.stream().map(line -> line.indexOf("{\"n\"")).distinct()).hasSize(1);
  }

  @Test
  void whatOthersWroteDoesNotSteerTheTerminal() {
    cli.run("append", "--source", source + "\u001b[2J", "--type", "T\r");

    assertThat(cli.run("read", "--source", source + "\u001b[2J").out())
        .contains("\\u001b[2J")
        .contains("T\\u000d")
        .doesNotContain("\u001b", "\r");
  }

  @Test
  void sourceSaysWhereItStands() {
    JsonNode state = cli.run("source", source, "--json").onlyJson();

    assertThat(state.get("source").asText()).isEqualTo(source);
    assertThat(state.get("version").asLong()).isEqualTo(5);
    assertThat(state.get("lastPosition").asLong())
        .isPositive()
        .isLessThanOrEqualTo(state.get("head").asLong());
    assertThat(cli.run("source", source).out()).startsWith(source + " is at version 5;");
    assertThat(cli.run("source", source + "-none").out()).contains("does not exist");
  }

  @Test
  void headSaysHowFarTheLogGoes() {
    JsonNode head = cli.run("head", "--json").onlyJson();

    assertThat(head.get("head").asLong()).isGreaterThanOrEqualTo(5);
    assertThat(head.get("recorded").asText()).endsWith("Z");
    assertThat(UUID.fromString(head.get("logIdentity").asText())).isNotNull();
    assertThat(cli.run("head").out()).matches("\\d+  recorded .*Z\n");
  }

  @Test
  void tailPrintsWhatExistsAndWhatComesUntilItIsStopped() throws Exception {
    Cli.Running tail = cli.start("tail", "--json", "--source", source);
    Eventually.holds(() -> tail.out().lines().count() == 5);

    append(6);
    Eventually.holds(() -> tail.out().lines().count() == 6);
    tail.stop();
    Cli.Result result = tail.result().get(20, TimeUnit.SECONDS);

    assertThat(result.exit()).isZero();
    assertThat(result.json())
        .extracting(event -> event.get("version").asInt())
        .containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(result.err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--source", "--filter"})
  void tailFromTheHeadPrintsOnlyWhatComes(String by) throws Exception {
    String selected =
        by.equals("--source") ? source : "{\"anyOf\":[{\"source\":\"" + source + "\"}]}";
    Cli.Running tail = cli.start("tail", "--json", by, selected, "--from", "head", "--limit", "1");

    // Nobody tells from outside when the subscription stands: append until something comes.
    Eventually.holds(
        () -> {
          append(6);
          return tail.result().isDone();
        });

    assertThat(tail.result().get().onlyJson().get("version").asInt()).isGreaterThan(5);
  }

  @Test
  void tailFromAPosition() {
    List<JsonNode> all = cli.run("read", "--json", "--source", source).json();

    assertThat(
            versions(
                "tail",
                "--source",
                source,
                "--from",
                all.get(2).get("position").asText(),
                "--limit",
                "3"))
        .containsExactly(3, 4, 5);
  }

  private void append(int... numbers) {
    for (int n : numbers) {
      Cli.Result result =
          cli.run(
              "append",
              "--source",
              source,
              "--type",
              "T",
              "--data",
              "{\"n\":" + n + "}",
              "--tag",
              n % 2 == 0 ? "even" : "odd");
      assertThat(result.exit()).as(result.err()).isZero();
    }
  }

  private List<Integer> versions(String... arguments) {
    String[] withJson = java.util.Arrays.copyOf(arguments, arguments.length + 1);
    withJson[arguments.length] = "--json";
    Cli.Result result = cli.run(withJson);
    assertThat(result.exit()).as(result.err()).isZero();
    return result.json().stream().map(event -> event.get("version").asInt()).toList();
  }
}
