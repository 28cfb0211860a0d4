package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(SharedCluster.class)
class BenchReadCommandTest {

  @ParameterizedTest
  @ValueSource(strings = {"--json", "--json --local"})
  void readsOneEventAtATime(String flags, Cli cli) {
    cli.run("append", "--source", "read-bench", "--type", "T");

    Cli.Result result =
        cli.run(("bench read --in-flight 4 --seconds 2 --warmup 0.1 " + flags).split(" "));

    assertThat(result.exit()).isZero();
    JsonNode answer = result.onlyJson();
    assertThat(answer.get("scenario").asText()).isEqualTo("read");
    assertThat(answer.get("in_flight").asInt()).isEqualTo(4);
    // The two are counted one after the other, while reads go on.
    assertThat(answer.get("ops_per_s").asLong())
        .isPositive()
        .isCloseTo(answer.get("events_per_s").asLong(), withinPercentage(10));
    assertThat(answer.get("p50_us").asLong()).isPositive();
    assertThat(answer.get("errors").asInt()).isZero();
  }

  @Test
  void forPeopleItSaysHowFreshTheReadsWere(Cli cli) {
    cli.run("append", "--source", "read-bench", "--type", "T");

    assertThat(cli.run("bench", "read", "--seconds", "0.2", "--warmup", "0").out())
        .contains(" linearizable reads/s of one event, 256 in flight");
  }
}
