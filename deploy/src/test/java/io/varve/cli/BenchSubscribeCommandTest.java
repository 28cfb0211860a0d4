package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SharedCluster.class)
class BenchSubscribeCommandTest {

  @Test
  void catchesUpAgainAndAgain(Cli cli) {
    for (int i = 0; i < 3; i++) {
      cli.run("append", "--source", "subscribe-bench", "--type", "T");
    }

    Cli.Result result =
        cli.run("bench", "subscribe", "--in-flight", "2", "--seconds", "1", "--json");

    assertThat(result.exit()).isZero();
    JsonNode answer = result.onlyJson();
    assertThat(answer.get("scenario").asText()).isEqualTo("subscribe");
    assertThat(answer.get("ops_per_s").asLong()).isPositive();
    assertThat(answer.get("events_per_s").asLong())
        .isGreaterThanOrEqualTo(2 * answer.get("ops_per_s").asLong());
    assertThat(answer.get("p99_us").asLong()).isPositive();
    assertThat(answer.get("errors").asInt()).isZero();
  }
}
