package io.varve.cli;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Shows the person who watches how far a long command has come: a bar, the rate and the time left.
 * Shows nothing where nobody watches (no terminal, or JSON output). Not thread-safe.
 */
final class Progress {
  private static final long REDRAW_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final int WIDTH = 24;

  /** A rate measured over less is noise, and a time left drawn from it misleads. */
  private static final double SETTLED_SECONDS = 1;

  private final Output output;
  private final LongSupplier nanos;
  private final boolean shown;
  private final long begin;
  private long last;
  private double from = Double.NaN;

  /** Begins now. */
  Progress(Output output) {
    this(output, System::nanoTime);
  }

  /** Begins now, by that clock. */
  Progress(Output output, LongSupplier nanos) {
    this.output = output;
    this.nanos = nanos;
    this.shown = output.console().terminal() && !output.json();
    this.begin = nanos.getAsLong();
    this.last = begin;
  }

  /** How long it has been going on. */
  double seconds() {
    return (nanos.getAsLong() - begin) / 1e9;
  }

  /** How many of these a second, so far. */
  long rate(long count) {
    return Math.round(count / Math.max(1e-9, seconds()));
  }

  /**
   * Draws, if it is time to.
   *
   * @param events how many this run has dealt with
   * @param done which part of the whole is done, 0 to 1; NaN = the whole is not known
   */
  void show(long events, double done) {
    if (Double.isNaN(from)) {
      from = done;
    }
    if (!shown || nanos.getAsLong() - last < REDRAW_NANOS) {
      return;
    }
    last = nanos.getAsLong();
    output.console().err().print("\r" + text(events, done) + "\u001b[K");
    output.console().err().flush();
  }

  /** Takes the bar away. */
  void clear() {
    if (shown) {
      output.console().err().print("\r\u001b[K");
      output.console().err().flush();
    }
  }

  private String text(long events, double done) {
    String counted = String.format(Locale.ROOT, "%,d events  %,d/s", events, rate(events));
    if (Double.isNaN(done)) {
      return counted;
    }
    int filled = (int) Math.round(WIDTH * Math.min(1, done));
    return String.format(
        Locale.ROOT,
        "[%s%s] %3d%%  %s%s",
        "#".repeat(filled),
        ".".repeat(WIDTH - filled),
        (int) (100 * Math.min(1, done)),
        counted,
        left(done));
  }

  private String left(double done) {
    double passed = seconds();
    double gained = done - from;
    if (passed < SETTLED_SECONDS || gained <= 0) {
      return "";
    }
    long seconds = Math.round((1 - done) / (gained / passed));
    return seconds < 3_600
        ? String.format(Locale.ROOT, "  %d:%02d left", seconds / 60, seconds % 60)
        : String.format(
            Locale.ROOT, "  %d:%02d:%02d left", seconds / 3_600, seconds / 60 % 60, seconds % 60);
  }
}
