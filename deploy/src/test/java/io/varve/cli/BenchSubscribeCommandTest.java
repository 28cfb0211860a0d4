package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.varve.testkit.EmbeddedVarve;
import org.junit.jupiter.api.Test;

class BenchSubscribeCommandTest {

  /** A log of its own, so that catching up takes as little as it can. */
  @Test
  void catchesUpAgainAndAgain() {
    Cli.Result result;
    try (EmbeddedVarve varve = EmbeddedVarve.start()) {
      Cli cli = new Cli().with("VARVE_TARGET", varve.target());
      for (int i = 0; i < 3; i++) {
        cli.run("append", "--source", "subscribe-bench", "--type", "T");
      }

      result = cli.run("bench", "subscribe", "--in-flight", "2", "--seconds", "1", "--json");
    }

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
