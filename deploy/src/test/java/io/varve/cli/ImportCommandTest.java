package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(SharedCluster.class)
class ImportCommandTest {
  @TempDir Path directory;
  private Cli cli = new Cli();
  private String source = "";

  @BeforeEach
  void prepare(Cli cli) {
    this.cli = cli;
    this.source = "import-" + UUID.randomUUID();
  }

  @Test
  void everySourcesEventsKeepTheOrderOfTheirLines() throws IOException {
    int count = 3_000;
    Path file = directory.resolve("events.jsonl");
    Files.writeString(
        file,
        IntStream.range(0, count)
            .mapToObj(i -> line(i % 7 == 0 ? "-hot" : "-" + i % 50, "{\"i\":" + i + "}"))
            .collect(Collectors.joining("\n")));

    Cli.Result result = cli.run("import", "--json", file.toString());

    assertThat(result.err()).isEmpty();
    assertThat(result.exit()).isZero();
    JsonNode answer = result.onlyJson();
    assertThat(answer.get("outcome").asText()).isEqualTo("imported");
    assertThat(answer.get("events").asInt()).isEqualTo(count);
    long first = answer.get("firstPosition").asLong();
    assertThat(answer.get("lastPosition").asLong()).isGreaterThanOrEqualTo(first + count - 1);
    assertThat(numbers("-hot")).hasSize(429).isSorted().doesNotHaveDuplicates();
    assertThat(numbers("-3")).hasSize(52).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void whatWasReadCanBeImportedAgain() {
    cli.run(
        "append",
        "--source",
        source,
        "--type",
        "T",
        "--tag",
        "x",
        "--key",
        "k",
        "--data",
        "{\"n\":1.10}");
    String read = cli.run("read", "--json", "--source", source).out();

    cli.input(read).run("import", "-");

    JsonNode[] events =
        cli.run("read", "--json", "--source", source).json().toArray(JsonNode[]::new);
    assertThat(events).hasSize(2);
    for (String field : new String[] {"type", "tags", "key", "data"}) {
      assertThat(events[1].get(field)).as(field).isEqualTo(events[0].get(field));
    }
    assertThat(events[1].get("version").asInt()).isEqualTo(2);
  }

  @Test
  void progressIsForThoseWhoWatch() {
    assertThat(cli.input(line("", "1")).run("import").err()).isEmpty();
    assertThat(cli.terminal().input(line("", "2")).run("import").err()).endsWith("\r\u001b[K");
    assertThat(cli.input(line("", "3")).run("import", "--json").err()).isEmpty();
  }

  @Test
  void blankLinesAreSkippedAndNothingIsNothing() {
    assertThat(cli.input("\n \r\n" + line("", "1") + "\r\n\n").run("import").out())
        .startsWith("imported 1 events at positions");
    assertThat(cli.input("").run("import").out()).startsWith("imported nothing");
    assertThat(cli.input("").run("import", "--json").onlyJson().get("events").asInt()).isZero();
  }

  @Test
  void aLineThatIsNoEventStopsItAndIsNamed() {
    String lines = line("", "1") + "\n\n" + line("", "2") + "\n{\"sorce\":1}\n" + line("", "3");

    Cli.Result result = cli.input(lines).run("import", "--json");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err())
        .contains("line 4: an event has no field 'sorce'")
        .contains("2 events had landed");
    assertThat(result.onlyJson().get("code").asText()).isEqualTo("INVALID_ARGUMENT");
    assertThat(cli.run("read", "--json", "--source", source).lines()).hasSize(2);
  }

  @Test
  void aLineTheLogRefusesIsNamed() {
    String tooLong = "\"" + "x".repeat((1 << 20) + 1) + "\"";

    Cli.Result result =
        cli.input(line("", "1") + "\n" + line("", tooLong) + "\n").run("import", "--json");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).contains("line 2: data");
    assertThat(result.onlyJson().get("field").asText()).isEqualTo("data");
  }

  @Test
  void filesThatAreNotThereOrNotUtf8AreRefused() throws IOException {
    Path latin = Files.write(directory.resolve("latin"), new byte[] {'"', (byte) 0xe9, '"'});

    assertThat(cli.run("import", directory.resolve("none").toString()).err())
        .contains("there is no file");
    Cli.Result result = cli.run("import", latin.toString());
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).contains("cannot read " + latin);
  }

  private String line(String suffix, String data) {
    return "{\"source\":\"" + source + suffix + "\",\"type\":\"T\",\"data\":" + data + "}";
  }

  private java.util.List<Integer> numbers(String suffix) {
    return cli.run("read", "--json", "--source", source + suffix).json().stream()
        .map(event -> event.get("data").get("i").asInt())
        .toList();
  }
}
