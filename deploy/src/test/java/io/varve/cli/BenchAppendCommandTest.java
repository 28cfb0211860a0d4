package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(SharedCluster.class)
class BenchAppendCommandTest {

  @ParameterizedTest
  @CsvSource({"true, 1", "false, 1", "true, 7"})
  void printsExactlyThePromisedFields(boolean conditional, int events, Cli cli) {
    long before = head(cli);

    Cli.Result result =
        cli.run(
            "bench",
            "append",
            "--in-flight",
            "8",
            "--size",
            "128",
            "--seconds",
            "1",
            "--warmup",
            "0.2",
            "--sources",
            "16",
            "--events-per-append",
            Integer.toString(events),
            "--conditional",
            Boolean.toString(conditional),
            "--json");

    assertThat(result.err()).isEmpty();
    assertThat(result.exit()).isZero();
    JsonNode answer = result.onlyJson();
    assertThat(answer.properties())
        .extracting(Map.Entry::getKey)
        .containsExactly(
            "scenario",
            "in_flight",
            "size",
            "ops_per_s",
            "events_per_s",
            "p50_us",
            "p99_us",
            "p999_us",
            "max_us",
            "errors",
            "conflicts");
    assertThat(answer.get("scenario").asText()).isEqualTo("append");
    assertThat(answer.get("in_flight").asInt()).isEqualTo(8);
    assertThat(answer.get("size").asInt()).isEqualTo(128);
    assertThat(answer.get("ops_per_s").asLong()).isPositive();
    assertThat(answer.get("events_per_s").asDouble() / answer.get("ops_per_s").asDouble())
        .isBetween(events * 0.9, events * 1.1);
    assertThat(
            List.of(
                answer.get("p50_us"),
                answer.get("p99_us"),
                answer.get("p999_us"),
                answer.get("max_us")))
        .extracting(JsonNode::asLong)
        .isSorted()
        .allMatch(micros -> micros > 0);
    assertThat(answer.get("errors").asInt()).isZero();
    assertThat(answer.get("conflicts").asInt()).isZero();
    assertThat(head(cli) - before).isGreaterThan(answer.get("events_per_s").asLong());
  }

  @Test
  void eventsCarryATypeASourceTypeAndOneTag(Cli cli) {
    cli.run(
        "bench",
        "append",
        "--in-flight",
        "1",
        "--size",
        "64",
        "--seconds",
        "0.2",
        "--warmup",
        "0",
        "--sources",
        "1");

    JsonNode event = cli.run("read", "--json", "--backward", "--limit", "1").onlyJson();

    assertThat(event.get("type").asText()).isNotEmpty();
    assertThat(event.get("sourceType").asText()).isEqualTo("Bench");
    assertThat(event.get("tags")).hasSize(1);
    assertThat(java.util.Base64.getDecoder().decode(event.get("dataBase64").asText())).hasSize(64);
  }

  @Test
  void forPeopleItIsReadable(Cli cli) {
    assertThat(
            cli.run("bench", "append", "--in-flight", "2", "--seconds", "0.2", "--warmup", "0")
                .out())
        .contains(" appends/s (")
        .contains("latency ms: p50 ")
        .contains("errors 0, conflicts 0");
  }

  private static long head(Cli cli) {
    return cli.run("head", "--json").onlyJson().get("head").asLong();
  }
}
