package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final AtomicLong nanos = new AtomicLong();

  @Test
  void showsABarTheRateAndTheTimeLeft() {
    Progress progress = progress(true, false);
    progress.show(0, 0.0);

    nanos.set(TimeUnit.SECONDS.toNanos(10));
    progress.show(5_000, 0.25);

    assertThat(shown())
        .isEqualTo("\r[######..................]  25%  5,000 events  500/s  0:30 left\u001b[K");
  }

  @Test
  void countsFromWhereItBegan() {
    Progress progress = progress(true, false);
    progress.show(0, 0.5);

    nanos.set(TimeUnit.SECONDS.toNanos(4_000));
    progress.show(4_000, 0.75);

    assertThat(shown()).contains(" 75%  4,000 events  1/s  1:06:40 left");
  }

  @Test
  void withoutAnEndThereIsNoBar() {
    Progress progress = progress(true, false);

    nanos.set(TimeUnit.SECONDS.toNanos(2));
    progress.show(7, Double.NaN);
    progress.clear();

    assertThat(shown()).isEqualTo("\r7 events  4/s\u001b[K\r\u001b[K");
  }

  @Test
  void drawsNoMoreOftenThanOneCanSee() {
    Progress progress = progress(true, false);

    for (int event = 1; event <= 1_000; event++) {
      nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(1));
      progress.show(event, event / 1_000.0);
    }

    assertThat(shown().chars().filter(c -> c == '\r')).hasSize(5);
  }

  @Test
  void isNothingInAPipeAndAmongJson() {
    for (Progress progress : new Progress[] {progress(false, false), progress(true, true)}) {
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(10));
      progress.show(1, 0.5);
      progress.clear();
    }

    assertThat(shown()).isEmpty();
  }

  private Progress progress(boolean terminal, boolean json) {
    Console console =
        Console.of(
            InputStream.nullInputStream(),
            new ByteArrayOutputStream(),
            err,
            Map.of(),
            terminal,
            new Lifetime.OfProcess());
    return new Progress(new Output(console, json), nanos::get);
  }

  private String shown() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
