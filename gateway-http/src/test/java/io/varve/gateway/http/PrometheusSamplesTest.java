package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PrometheusSamplesTest {
  private static final PrometheusSamples NOTHING = PrometheusSamples.parse("");

  @Test
  void samplesAreReadWithTheirLabels() {
    PrometheusSamples samples =
        PrometheusSamples.parse(
            "# HELP a of a\na{x=\"1\",y=\"q\\\"\\\\\"} 2 1700000000\na{x=\"2\"} 3\n\nnonsense\nb NaN\n");

    assertThat(samples.sum("a")).hasValue(5);
    assertThat(samples.by("a", "x")).containsEntry("1", 2.0).containsEntry("2", 3.0);
    assertThat(samples.samples("a").get(0).labels()).containsEntry("y", "q\"\\");
    assertThat(samples.sum("b").orElseThrow()).isNaN();
    assertThat(samples.sum("c")).isEmpty();
  }

  @Test
  void aQuantileIsInterpolatedWithinItsBucket() {
    PrometheusSamples samples =
        PrometheusSamples.parse(
            "h_bucket{le=\"1\"} 50\nh_bucket{le=\"2\"} 100\nh_bucket{le=\"+Inf\"} 100\n");

    assertThat(samples.quantile(0.25, "h", NOTHING).orElseThrow()).isCloseTo(0.5, within(1e-9));
    assertThat(samples.quantile(0.75, "h", NOTHING).orElseThrow()).isCloseTo(1.5, within(1e-9));
    assertThat(samples.quantile(0.5, "h", samples)).isEmpty();
    assertThat(samples.quantile(0.5, "other", NOTHING)).isEmpty();
  }

  @Test
  void whatIsAboveTheLastBoundIsTheLastBound() {
    PrometheusSamples samples =
        PrometheusSamples.parse("h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 10\n");

    assertThat(samples.quantile(0.99, "h", NOTHING)).hasValue(1);
  }
}
