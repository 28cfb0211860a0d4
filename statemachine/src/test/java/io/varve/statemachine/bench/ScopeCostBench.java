package io.varve.statemachine.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.statemachine.bench.ScopeCost.Asks;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Measures {@link ScopeCost} and holds it against its bars. Ratios, since machines differ. */
class ScopeCostBench {

  @Test
  void scopesCostWhatTheyMay() throws RunnerException {
    Map<String, Double> micros = new HashMap<>();
    for (RunResult run :
        new Runner(
                new OptionsBuilder()
                    .include(ScopeCost.class.getName())
                    .jvmArgsAppend("-Xmx1g")
                    .build())
            .run()) {
      String key = run.getParams().getParam("asks") + run.getParams().getParam("stored");
      micros.put(key, run.getPrimaryResult().getScore());
    }
    double version = micros.get(Asks.EXPECTED_VERSION + "1000000");
    double near = micros.get(Asks.NEAR_THE_HEAD + "1000000");
    double rare = micros.get(Asks.RARE_SINCE_100_000 + "1000000");
    double busy = micros.get(Asks.TWO_BUSY_LABELS + "1000000");
    double nearOfFewer = micros.get(Asks.NEAR_THE_HEAD + "200000");
    double rareOfFewer = micros.get(Asks.RARE_SINCE_100_000 + "200000");
    System.out.printf(
        "expected version %.1f us; three labels near the head %.1f us (%.2f times);%n"
            + "rare label since 100,000 %.1f us; two busy labels up to the limit %.1f ms;%n"
            + "1,000,000 stored against 200,000: near the head %.2f times, rare %.2f times%n",
        version, near, near / version, rare, busy / 1e3, near / nearOfFewer, rare / rareOfFewer);

    assertThat(near / version).as("near the head, against an expected version").isLessThan(1.5);
    assertThat(rare).as("rare label since 100,000, in microseconds").isLessThan(5_000);
    // The log is five times as long; what may grow is the depth of the store's trees.
    assertThat(near / nearOfFewer).as("growth with the log: near the head").isLessThan(1.5);
    assertThat(rare / rareOfFewer).as("growth with the log: rare label").isLessThan(1.5);
    assertThat(busy).as("two busy labels, in microseconds").isLessThan(500_000);
  }
}
