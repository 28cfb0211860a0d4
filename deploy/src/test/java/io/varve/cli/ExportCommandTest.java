package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(SharedCluster.class)
class ExportCommandTest {
  @TempDir Path directory;
  private final String source = "export-" + UUID.randomUUID();
  private Cli cli = new Cli();
  private long first;

  @BeforeEach
  void append(Cli shared) {
    cli = shared;
    first = append("1");
    append("2");
    append("3");
  }

  private long append(String data) {
    Cli.Result result =
        cli.run("append", "--json", "--source", source, "--type", "T", "--data", data);
    assertThat(result.exit()).as(result.err()).isZero();
    return result.onlyJson().get("firstPosition").asLong();
  }

  @Test
  void writesEveryEventFromAPositionOn() {
    Cli.Result result = cli.terminal().run("export", "--from", Long.toString(first));

    assertThat(result.json().stream().map(event -> event.get("position").asLong()).toList())
        .startsWith(first, first + 1, first + 2)
        .isSorted();
    assertThat(mine(result)).containsExactly("1", "2", "3");
    assertThat(cli.run("export", "-").json().get(0).get("position").asLong()).isEqualTo(1);
    assertThat(cli.run("export", "--from", "999999999").out()).isEmpty();
  }

  @Test
  void aFileIsMadeAndThenGoneOnWith() throws IOException {
    Path file = directory.resolve("log.jsonl");
    JsonNode result =
        cli.run("export", "--json", "--from", Long.toString(first), file.toString()).onlyJson();

    assertThat(result.get("outcome").asText()).isEqualTo("exported");
    assertThat(result.get("firstPosition").asLong()).isEqualTo(first);
    assertThat(result.get("events").asLong()).isGreaterThanOrEqualTo(3);
    String before = Files.readString(file);
    assertThat(before).endsWith("}\n");

    append("4");
    // A cut left half a line behind.
    Files.writeString(file, "{\"position\":17,\"sou", StandardOpenOption.APPEND);
    Cli.Result more = cli.run("export", "--append", file.toString());

    assertThat(more.exit()).as(more.err()).isZero();
    assertThat(more.out()).startsWith("exported ").contains("positions ");
    assertThat(Files.readString(file)).startsWith(before).endsWith("}\n");
    List<JsonNode> events = Files.readAllLines(file).stream().map(Cli::json).toList();
    for (int i = 0; i < events.size(); i++) {
      assertThat(events.get(i).get("position").asLong()).isEqualTo(first + i);
    }
    assertThat(events).filteredOn(e -> e.get("source").asText().equals(source)).hasSize(4);
  }

  @Test
  void appendMakesTheFileWhenThereIsNone() throws IOException {
    Path file = directory.resolve("new.jsonl");

    assertThat(cli.run("export", "--append", file.toString()).exit()).isZero();

    assertThat(Cli.json(Files.readAllLines(file).get(0)).get("position").asLong()).isEqualTo(1);
  }

  @Test
  void aFileThatExistsIsNotOverwritten() throws IOException {
    Path file = Files.writeString(directory.resolve("mine"), "dear to me\n");

    Cli.Result plain = cli.run("export", file.toString());
    Cli.Result append = cli.run("export", "--append", file.toString());

    assertThat(plain.exit()).isEqualTo(1);
    assertThat(plain.err()).contains("exists; --append goes on with it");
    assertThat(append.exit()).isEqualTo(1);
    assertThat(append.err()).contains("the last line of " + file + " is no exported event");
    assertThat(file).hasContent("dear to me\n");
  }

  @Test
  void aFileOfAnotherLogIsNotGoneOnWith() throws IOException {
    for (String position : new String[] {Long.toString(first), "999999999"}) {
      Path file =
          Files.writeString(
              directory.resolve("other" + position),
              "{\"position\":" + position + ",\"source\":\"other\"}\n");

      Cli.Result result = cli.run("export", "--append", file.toString());

      assertThat(result.exit()).isEqualTo(1);
      assertThat(result.err())
          .contains("the file's last event, at position " + position + ", is not this log's");
      assertThat(Files.readAllLines(file)).hasSize(1);
    }
  }

  @Test
  void payloadsThatJsonWouldChangeAreBase64() throws IOException {
    Path data = Files.writeString(directory.resolve("data"), "{ \"spaced\": \"\\u00e9\" }\n");
    append("@" + data);

    List<JsonNode> events =
        cli.run("export", "--from", Long.toString(first)).json().stream()
            .filter(event -> event.get("source").asText().equals(source))
            .toList();

    assertThat(events.get(2).get("data").asInt()).isEqualTo(3);
    assertThat(events.get(3).get("dataBase64").binaryValue()).isEqualTo(Files.readAllBytes(data));
    assertThat(events.get(3).has("data")).isFalse();
  }

  @Test
  void whatCannotBeIsRefused() {
    assertThat(cli.run("export", "--from", "0").exit()).isEqualTo(2);
    assertThat(cli.run("export", "--append").exit()).isEqualTo(2);
    assertThat(cli.run("export", "--append", "--from", "1", "x").exit()).isEqualTo(2);
    assertThat(cli.run("export", "/no/such/directory/file").err()).contains("cannot write");
  }

  private List<String> mine(Cli.Result result) {
    return result.json().stream()
        .filter(event -> event.get("source").asText().equals(source))
        .map(event -> event.get("data").toString())
        .toList();
  }
}
