package io.varve.node.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.Histogram;
import com.codahale.metrics.Snapshot;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MetricsTest {

  private final Metrics metrics = new Metrics();

  @Test
  void everyKindIsWrittenAsPrometheusReadsIt() {
    metrics.counter("a_total", "Counts.", "kind", "x").inc(3);
    metrics.counter("a_total", "Counts.", "kind", "y");
    metrics.gauge("b_bytes", "Goes up\nand \\ down.", () -> 0.5);
    metrics.counted("c_total", "Kept elsewhere.", () -> 7);
    metrics.samples(
        "d_entries",
        MetricType.GAUGE,
        "By peer.",
        () -> new Samples().add(1, "peer", "n\"1\\").add(2L, "peer", "n2\n"));
    metrics.declare("e", MetricType.GAUGE, "Nothing yet.");

    assertThat(metrics.text())
        .isEqualTo(
            """
            # HELP a_total Counts.
            # TYPE a_total counter
            a_total{kind="x"} 3
            a_total{kind="y"} 0
            # HELP b_bytes Goes up\\nand \\\\ down.
            # TYPE b_bytes gauge
            b_bytes 0.5
            # HELP c_total Kept elsewhere.
            # TYPE c_total counter
            c_total 7
            # HELP d_entries By peer.
            # TYPE d_entries gauge
            d_entries{peer="n\\"1\\\\"} 1
            d_entries{peer="n2\\n"} 2
            # HELP e Nothing yet.
            # TYPE e gauge
            """);
    assertThat(ExpositionCheck.of(metrics.text()).problems()).isEmpty();
  }

  @Test
  void histogramsHaveCumulativeBucketsInTheExposedUnit() {
    Histogram seconds = metrics.durations("t_seconds", "Time.", "of", "all");
    seconds.update(TimeUnit.MILLISECONDS.toNanos(1));
    seconds.update(TimeUnit.MILLISECONDS.toNanos(1) + 1);
    seconds.update(TimeUnit.SECONDS.toNanos(30));

    assertThat(metrics.text())
        .contains(
            "t_seconds_bucket{of=\"all\",le=\"1.0E-4\"} 0\n",
            "t_seconds_bucket{of=\"all\",le=\"0.001\"} 1\n",
            "t_seconds_bucket{of=\"all\",le=\"0.0025\"} 2\n",
            "t_seconds_bucket{of=\"all\",le=\"10\"} 2\n",
            "t_seconds_bucket{of=\"all\",le=\"+Inf\"} 3\n",
            "t_seconds_sum{of=\"all\"} 30.002000001\n",
            "t_seconds_count{of=\"all\"} 3\n");
    assertThat(ExpositionCheck.of(metrics.text()).problems()).isEmpty();
    assertThat(seconds.getCount()).isEqualTo(3);
    assertThat(metrics.durations("t_seconds", "Time.", "of", "all")).isSameAs(seconds);
  }

  @Test
  void aSnapshotKnowsItsQuantilesAsFineAsItsBuckets() {
    Histogram counts = metrics.counts("n_appends", "How many.");
    for (int i = 1; i <= 100; i++) {
      counts.update(i);
    }
    Snapshot snapshot = counts.getSnapshot();
    assertThat(snapshot.getMedian()).isEqualTo(64);
    assertThat(snapshot.get99thPercentile()).isEqualTo(128);
    assertThat(snapshot.getMin()).isEqualTo(1);
    assertThat(snapshot.getMax()).isEqualTo(128);
    assertThat(snapshot.getMean()).isEqualTo(50.5);
    counts.update(1_000_000);
    assertThat(counts.getSnapshot().getMax()).isEqualTo(4_096);
  }

  @Test
  void whatCannotBeReadCostsOnlyItself() {
    AtomicLong reads = new AtomicLong();
    metrics.gauge(
        "bad",
        "Fails.",
        () -> {
          reads.incrementAndGet();
          throw new IllegalStateException("closed");
        });
    metrics.gauge("good", "Works.", () -> 1);
    assertThat(metrics.text()).contains("good 1\n").doesNotContain("bad 1").contains("# TYPE bad");
    assertThat(reads).hasValue(1);
  }

  @Test
  void wrongNamesAndContradictionsAreRefused() {
    assertThatThrownBy(() -> metrics.counter("a", "No total."))
        .hasMessageContaining("end with _total");
    assertThatThrownBy(() -> metrics.gauge("a_total", "No counter.", () -> 1))
        .hasMessageContaining("end with _total");
    assertThatThrownBy(() -> metrics.counter("camelCase_total", "No."))
        .hasMessageContaining("not a metric's name");
    metrics.counter("b_total", "One thing.");
    assertThatThrownBy(() -> metrics.counter("b_total", "Another."))
        .hasMessageContaining("declared twice");
    assertThatThrownBy(() -> metrics.counter("b_total", "One thing.", "key"))
        .hasMessageContaining("a label without a value");
  }

  /** A checker that never convicted anything proves nothing. */
  @Test
  void theCheckOfTheFormatConvicts() {
    assertThat(ExpositionCheck.of("a 1\n").problems()).isNotEmpty();
    assertThat(ExpositionCheck.of("# HELP a A.\n# TYPE a gauge\na 1").problems()).isNotEmpty();
    assertThat(ExpositionCheck.of("# HELP a A.\n# TYPE a gauge\na 1\na 2\n").problems())
        .isNotEmpty();
    assertThat(ExpositionCheck.of("# HELP a A.\n# TYPE a gauge\na x\n").problems()).isNotEmpty();
    assertThat(ExpositionCheck.of("# HELP a A.\n# TYPE a counter\na 1\n").problems()).isNotEmpty();
    assertThat(ExpositionCheck.of("# HELP a_ms A.\n# TYPE a_ms gauge\na_ms 1\n").problems())
        .isNotEmpty();
    assertThat(ExpositionCheck.of("# HELP a A.\n# TYPE a gauge\na{b=\"\"\"} 1\n").problems())
        .isNotEmpty();
    assertThat(
            ExpositionCheck.of(
                    """
                    # HELP h H.
                    # TYPE h histogram
                    h_bucket{le="1"} 2
                    h_bucket{le="+Inf"} 1
                    h_sum 1
                    h_count 1
                    """)
                .problems())
        .isNotEmpty();
    assertThat(
            ExpositionCheck.of(
                    "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n")
                .problems())
        .isNotEmpty();
  }
}
