package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
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
  void eventsLandOnceInTheOrderOfTheirLines() throws IOException {
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
    assertThat(answer.get("as").asText()).matches("[0-9a-f]{64}");
    assertThat(answer.get("lines").asInt()).isEqualTo(count);
    assertThat(answer.get("events").asInt()).isEqualTo(count);
    long first = answer.get("firstPosition").asLong();
    assertThat(answer.get("lastPosition").asLong()).isGreaterThanOrEqualTo(first + count - 1);
    assertThat(numbers("-hot")).hasSize(429).isSorted().doesNotHaveDuplicates();
    assertThat(numbers("-3")).hasSize(52).isSorted().doesNotHaveDuplicates();

    JsonNode again = cli.run("import", "--json", file.toString()).onlyJson();
    assertThat(again.get("events").asInt()).isZero();
    assertThat(again.get("lines").asInt()).isEqualTo(count);
    assertThat(numbers("-hot")).hasSize(429);
    assertThat(cli.run("import", file.toString()).out()).startsWith("imported nothing: no line");
  }

  @Test
  void everyEventSaysFromWhichLineOfWhatItCame() {
    cli.input(line("", "1") + "\n" + line("", "2") + "\n").run("import", "--as", source);

    JsonNode second = cli.run("read", "--json", "--source", source).json().get(1);

    assertThat(second.get("clientId").asText()).isEqualTo("varve-import");
    assertThat(second.get("bufferId").asText()).isEqualTo(source);
    assertThat(second.get("clientSeq").asLong()).isEqualTo(2);
  }

  @Test
  void anImportThatWasCutGoesOn() {
    String one = line("", "1") + "\n" + line("", "2") + "\n";

    cli.input(one).run("import", "--as", source);
    Cli.Result rest = cli.input(one + line("", "3") + "\n").run("import", "--as", source, "--json");

    assertThat(rest.onlyJson().get("events").asInt()).isEqualTo(1);
    assertThat(data()).containsExactly("1", "2", "3");
  }

  @Test
  void underAnotherNameItLandsAnotherTime() {
    cli.input(line("", "1")).run("import", "--as", source);
    cli.input(line("", "1")).run("import", "--as", source + "-again");

    assertThat(data()).containsExactly("1", "1");
  }

  @Test
  void anotherFileUnderTheSameNameIsNoticed() {
    cli.input(line("", "1") + "\n" + line("", "2")).run("import", "--as", source);

    Cli.Result other =
        cli.input(line("", "1") + "\n" + line("", "9")).run("import", "--as", source, "--json");
    Cli.Result shorter = cli.input(line("", "7")).run("import", "--as", source, "--json");

    for (Cli.Result result : new Cli.Result[] {other, shorter}) {
      assertThat(result.exit()).isEqualTo(1);
      assertThat(result.onlyJson().get("code").asText()).isEqualTo("ORIGIN_DIVERGED");
    }
    assertThat(data()).containsExactly("1", "2");
  }

  @Test
  void payloadsMakeTheRoundTripByteForByte() throws IOException {
    Random random = new Random(7);
    byte[] binary = new byte[5_000];
    random.nextBytes(binary);
    List<byte[]> payloads =
        List.of(
            "{\"n\":1.10}".getBytes(StandardCharsets.UTF_8),
            "{ \"n\" : 1 }\n".getBytes(StandardCharsets.UTF_8),
            "\"\\u00e9\"".getBytes(StandardCharsets.UTF_8),
            "plain text".getBytes(StandardCharsets.UTF_8),
            "null".getBytes(StandardCharsets.UTF_8),
            binary);
    for (byte[] payload : payloads) {
      Path file = Files.write(directory.resolve("payload"), payload);
      cli.run("append", "--source", source, "--type", "T", "--data", "@" + file, "--tag", "x");
    }
    String exported = mine();

    Cli.Result imported = cli.input(exported).run("import", "--as", source);

    assertThat(imported.exit()).as(imported.err()).isZero();
    List<JsonNode> events = mine().lines().map(Cli::json).toList();
    assertThat(events).hasSize(2 * payloads.size());
    for (int i = 0; i < payloads.size(); i++) {
      JsonNode copy = events.get(payloads.size() + i);
      for (String field : new String[] {"type", "tags", "data", "dataBase64", "contentType"}) {
        assertThat(copy.get(field)).as(field).isEqualTo(events.get(i).get(field));
      }
      byte[] bytes =
          copy.has("data")
              ? copy.get("data").toString().getBytes(StandardCharsets.UTF_8)
              : copy.path("dataBase64").binaryValue();
      if (i > 0) {
        assertThat(bytes).isEqualTo(payloads.get(i));
      }
    }
    assertThat(events.get(0).has("data")).isTrue();
  }

  @Test
  void progressIsForThoseWhoWatch() {
    assertThat(cli.input(line("", "1")).run("import", "--as", source + 1).err()).isEmpty();
    assertThat(cli.terminal().input(line("", "2")).run("import", "--as", source + 2).err())
        .endsWith("\r\u001b[K");
    assertThat(cli.input(line("", "3")).run("import", "--as", source + 3, "--json").err())
        .isEmpty();
  }

  @Test
  void nothingIsNothing() {
    assertThat(cli.input("").run("import", "--as", source).out()).startsWith("imported nothing");
    assertThat(
            cli.input("").run("import", "--json", "--as", source).onlyJson().get("events").asInt())
        .isZero();
  }

  @Test
  void aLineThatIsNoEventStopsItAndIsNamed() {
    String lines = line("", "1") + "\n" + line("", "2") + "\n{\"sorce\":1}\n" + line("", "3");

    Cli.Result result = cli.input(lines).run("import", "--json", "--as", source);

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err())
        .contains("line 3: an event has no field 'sorce'")
        .contains("everything before line 3 has landed");
    assertThat(result.onlyJson().get("code").asText()).isEqualTo("INVALID_ARGUMENT");
    assertThat(data()).containsExactly("1", "2");
  }

  @Test
  void aBlankLineIsNoEvent() {
    Cli.Result result = cli.input("\n" + line("", "1")).run("import", "--json", "--as", source);

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).contains("line 1: it is blank").contains("nothing has landed");
  }

  @Test
  void aLineTheLogRefusesIsNamed() {
    String tooLong = "\"" + "x".repeat((1 << 20) + 1) + "\"";

    Cli.Result result =
        cli.input(line("", "1") + "\n" + line("", tooLong) + "\n")
            .run("import", "--json", "--as", source);

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).contains("line 2: data").contains("before line 2 has landed");
    assertThat(result.onlyJson().get("field").asText()).isEqualTo("data");
    assertThat(data()).containsExactly("1");
  }

  @Test
  void whatCanNeverLandIsPassedOverWhenAsked() {
    String tooLong = "\"" + "x".repeat((1 << 20) + 1) + "\"";
    String farTooLong = "\"" + "x".repeat(5 << 20) + "\"";
    String lines =
        String.join(
            "\n",
            line("", "1"),
            "",
            line("", tooLong),
            "nonsense",
            line("", "5"),
            line("", farTooLong),
            line("", "7"));

    Cli.Result result = cli.input(lines).run("import", "--json", "--as", source, "--void-invalid");

    assertThat(result.exit()).as(result.err()).isZero();
    assertThat(result.onlyJson().get("events").asInt()).isEqualTo(3);
    assertThat(result.onlyJson().get("voids").asInt()).isEqualTo(4);
    assertThat(data()).containsExactly("1", "5", "7");
    assertThat(cli.run("read", "--json", "--source", source).json())
        .extracting(event -> event.get("clientSeq").asInt())
        .containsExactly(1, 5, 7);
    assertThat(
            cli.input(lines + "\n" + line("", "8"))
                .run("import", "--json", "--as", source, "--void-invalid")
                .onlyJson()
                .get("events")
                .asInt())
        .isEqualTo(1);
  }

  @Test
  void filesThatAreNotThereOrNotUtf8AreRefused() throws IOException {
    Path latin = Files.write(directory.resolve("latin"), new byte[] {'"', (byte) 0xe9, '"'});

    assertThat(cli.run("import", directory.resolve("none").toString()).err())
        .contains("there is no file");
    Cli.Result result = cli.run("import", latin.toString());
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).contains("line 1: it is not UTF-8");
  }

  @Test
  void standardInputNeedsAName() {
    assertThat(cli.input("").run("import").exit()).isEqualTo(2);
    assertThat(cli.input("").run("import", "-", "--as", "").exit()).isEqualTo(2);
    assertThat(cli.run("import", "/dev/null").err()).contains("--as NAME says what is imported");
  }

  private List<String> data() {
    return cli.run("read", "--json", "--source", source).json().stream()
        .map(event -> event.get("data").toString())
        .toList();
  }

  /** This test's part of an export. */
  private String mine() {
    return cli.run("export").lines().stream()
        .filter(event -> event.contains(source))
        .collect(Collectors.joining("\n"));
  }

  private String line(String suffix, String data) {
    return "{\"source\":\"" + source + suffix + "\",\"type\":\"T\",\"data\":" + data + "}";
  }

  private List<Integer> numbers(String suffix) {
    return cli.run("read", "--json", "--source", source + suffix).json().stream()
        .map(event -> event.get("data").get("i").asInt())
        .toList();
  }
}
