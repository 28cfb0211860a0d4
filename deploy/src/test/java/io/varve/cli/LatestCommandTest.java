package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SharedCluster.class)
class LatestCommandTest {
  private final String source = "canvas-" + UUID.randomUUID();
  private Cli cli = new Cli();

  @BeforeEach
  void paint(Cli shared) {
    cli = shared;
    for (String cell : List.of("b:2=red", "a:1=red", "a:2=red", "a:1=blue")) {
      String[] parts = cell.split("=", 2);
      Cli.Result result =
          cli.run(
              "append",
              "--source",
              source,
              "--type",
              "Painted",
              "--key",
              parts[0],
              "--data",
              "\"" + parts[1] + "\"");
      assertThat(result.exit()).as(result.err()).isZero();
    }
  }

  @Test
  void printsTheNewestEventOfEachKeyAndWhereToFollowFrom() {
    List<JsonNode> lines = cli.run("latest", source, "--json").json();

    assertThat(lines).hasSize(4);
    assertThat(lines.subList(0, 3))
        .extracting(line -> line.get("key").asText() + "=" + line.get("data").asText())
        .containsExactly("a:1=blue", "a:2=red", "b:2=red");
    assertThat(lines.get(3).get("keys").asInt()).isEqualTo(3);
    assertThat(lines.get(3).get("asOf").asLong())
        .isGreaterThanOrEqualTo(lines.get(0).get("position").asLong());
  }

  @Test
  void aPrefixNarrowsIt() {
    Cli.Result result = cli.run("latest", source, "--prefix", "a:");

    assertThat(result.lines()).hasSize(3).allMatch(line -> !line.contains("key=b:2"));
    assertThat(result.lines().get(2)).matches("2 keys, as of position \\d+");
    assertThat(cli.run("latest", source, "--prefix", "z").out()).startsWith("0 keys, as of ");
    assertThat(cli.run("latest", "no-such-" + source, "--json").onlyJson().get("keys").asInt())
        .isZero();
  }
}
