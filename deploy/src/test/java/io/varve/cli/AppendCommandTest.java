package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(SharedCluster.class)
class AppendCommandTest {
  private Cli cli = new Cli();
  private String source = "";

  @BeforeEach
  void prepare(Cli cli) {
    this.cli = cli;
    this.source = "append-" + UUID.randomUUID();
  }

  @Test
  void landsWithEveryLabel() {
    Cli.Result result =
        cli.run(
            "append",
            "--json",
            "--source",
            source,
            "--type",
            "T",
            "--source-type",
            "ST",
            "--stream-type",
            "RT",
            "--stream-id",
            "ID",
            "--tag",
            "a",
            "--tag",
            "b,c",
            "--key",
            "k",
            "--data",
            "{\"n\": 1.50}");

    assertThat(result.err()).isEmpty();
    assertThat(result.exit()).isZero();
    JsonNode answer = result.onlyJson();
    assertThat(answer.get("outcome").asText()).isEqualTo("appended");
    assertThat(answer.get("firstPosition").asLong()).isPositive();
    assertThat(answer.get("lastPosition")).isEqualTo(answer.get("firstPosition"));
    assertThat(answer.get("versions").get(source).asLong()).isEqualTo(1);
    assertThat(answer.get("recorded").asText()).endsWith("Z");
    assertThat(answer.get("replayed").asBoolean()).isFalse();

    String line = cli.run("read", "--json", "--source", source).lines().get(0);
    assertThat(line)
        .isEqualTo(
            "{\"position\":"
                + answer.get("firstPosition")
                + ",\"source\":\""
                + source
                + "\",\"version\":1,\"type\":\"T\",\"sourceType\":\"ST\",\"streamType\":\"RT\","
                + "\"streamId\":\"ID\",\"tags\":[\"a\",\"b,c\"],\"key\":\"k\",\"data\":{\"n\":1.50},"
                + "\"recorded\":\""
                + answer.get("recorded").asText()
                + "\"}");
  }

  @Test
  void saysForPeopleWhereItLanded() {
    Cli.Result result = cli.run("append", "--source", source, "--type", "T");

    assertThat(result.out()).matches("appended at position \\d+: " + source + " v1\n");
  }

  @Test
  void expectedVersionsDecide() {
    assertThat(append("--expected-version", "exists").exit()).isEqualTo(3);
    assertThat(append("--expected-version", "1").exit()).isEqualTo(3);
    assertThat(append("--expected-version", "none").exit()).isZero();
    assertThat(append("--expected-version", "none").exit()).isEqualTo(3);
    assertThat(append("--expected-version", "exists").exit()).isZero();
    assertThat(append("--expected-version", "2").exit()).isZero();

    Cli.Result conflict = append("--expected-version", "2");

    assertThat(conflict.exit()).isEqualTo(3);
    assertThat(conflict.err()).isEmpty();
    JsonNode answer = conflict.onlyJson();
    assertThat(answer.get("outcome").asText()).isEqualTo("conflict");
    JsonNode failed = answer.get("failed").get(0);
    assertThat(failed.get("condition").asInt()).isZero();
    assertThat(failed.get("expected").asLong()).isEqualTo(2);
    assertThat(failed.get("found").asLong()).isEqualTo(3);
    assertThat(failed.get("source").asText()).isEqualTo(source);
    assertThat(failed.get("type").asText()).isEqualTo("T");
    assertThat(failed.get("position").asLong()).isPositive();
    assertThat(version()).isEqualTo(3);
  }

  @Test
  void scopesDecideAndEveryFailedConditionIsListed() {
    long first = append("--tag", "seat:" + source).onlyJson().get("firstPosition").asLong();
    String item = "{\"anyOf\":[{\"types\":[\"T\"],\"tags\":[\"seat:" + source + "\"]}],\"after\":";

    assertThat(append("--scope", item + first + "}").exit()).isZero();
    Cli.Result conflict =
        append(
            "--expected-version",
            "none",
            "--scope",
            item + first + "}",
            "--scope",
            item + (first - 1) + "}");

    // The second event carries no tag, so the scope that begins behind the first one holds.
    assertThat(conflict.exit()).isEqualTo(3);
    JsonNode failed = conflict.onlyJson().get("failed");
    assertThat(failed).hasSize(2);
    assertThat(failed.get(0).get("expected").asText()).isEqualTo("none");
    assertThat(failed.get(1).get("condition").asInt()).isEqualTo(2);
    assertThat(failed.get(1).get("found").asLong()).isEqualTo(first);
    assertThat(failed.get(1).get("expected").get("after").asLong()).isEqualTo(first - 1);
  }

  @Test
  void conflictsForPeopleSayWhy() {
    append();

    Cli.Result conflict =
        cli.run("append", "--source", source, "--type", "T", "--expected-version", "none");

    assertThat(conflict.exit()).isEqualTo(3);
    assertThat(conflict.out())
        .startsWith("conflict, nothing appended:")
        .contains(source + " was expected not to exist and is at version 1 (T at position ");
  }

  @Test
  void aRepeatedAppendIdIsAnsweredWithTheOriginalAnswer() {
    String id = UUID.randomUUID().toString();

    JsonNode first = append("--append-id", id, "--expected-version", "none").onlyJson();
    Cli.Result again = append("--append-id", id, "--expected-version", "none");

    assertThat(again.exit()).isZero();
    assertThat(again.onlyJson().get("replayed").asBoolean()).isTrue();
    assertThat(again.onlyJson().get("firstPosition")).isEqualTo(first.get("firstPosition"));
    assertThat(again.onlyJson().get("recorded")).isEqualTo(first.get("recorded"));
    assertThat(version()).isEqualTo(1);

    Cli.Result other = append("--append-id", id, "--data", "{}");
    assertThat(other.exit()).isEqualTo(1);
    assertThat(other.onlyJson().get("code").asText()).isEqualTo("APPEND_ID_REUSED");
    assertThat(other.err()).startsWith("varve: ");
    assertThat(version()).isEqualTo(1);
  }

  @Test
  void aKnownPositionFromAnotherHistoryIsRefused() {
    Cli.Result result =
        append("--append-id", UUID.randomUUID().toString(), "--known-position", "999999999");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.onlyJson().get("code").asText()).isEqualTo("OUT_OF_RANGE");
    assertThat(version()).isZero();
  }

  @Test
  void payloadsComeFromFilesAndStandardInput(@TempDir Path directory) throws IOException {
    Path json = Files.writeString(directory.resolve("a b.json"), "{ \"from\": \"file\" }\n");
    Path binary = Files.write(directory.resolve("binary"), new byte[] {0, (byte) 0xff});

    append("--data", "@" + json);
    append("--data", "@" + binary);
    cli.input("[\"standard\", \"input\"]");
    append("--data", "-");

    assertThat(cli.run("read", "--json", "--source", source).json())
        .satisfiesExactly(
            event -> assertThat(event.get("data").get("from").asText()).isEqualTo("file"),
            event -> {
              assertThat(event.get("dataBase64").asText()).isEqualTo("AP8=");
              assertThat(event.get("contentType").asText()).isEqualTo("application/octet-stream");
            },
            event -> assertThat(event.get("data").get(1).asText()).isEqualTo("input"));
  }

  @Test
  void whatIsInvalidIsRefusedNamingTheField() {
    Cli.Result result = cli.run("--json", "append", "--source", "", "--type", "T");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.onlyJson().get("code").asText()).isEqualTo("INVALID_ARGUMENT");
    assertThat(result.onlyJson().get("field").asText()).isEqualTo("append.events[0].source");
    assertThat(result.err()).contains("append.events[0].source");
  }

  @Test
  void aMissingFileIsRefused() {
    Cli.Result result = append("--data", "@/no/such/file");

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).contains("cannot read /no/such/file");
  }

  private long version() {
    return cli.run("--json", "source", source).onlyJson().get("version").asLong();
  }

  private Cli.Result append(String... more) {
    String[] arguments = new String[more.length + 6];
    String[] fixed = {"append", "--json", "--source", source, "--type", "T"};
    System.arraycopy(fixed, 0, arguments, 0, fixed.length);
    System.arraycopy(more, 0, arguments, fixed.length, more.length);
    return cli.run(arguments);
  }
}
