package io.varve.cli;

import java.time.Duration;
import picocli.CommandLine.Option;

/** How long a load runs. */
final class LoadTimes {

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "10",
      description = "How long to measure. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(
      names = "--warmup",
      paramLabel = "S",
      defaultValue = "5",
      description = "How long to run before. Default: ${DEFAULT-VALUE}.")
  private double warmup;

  /**
   * Refuses times that cannot be.
   *
   * @throws UsageException if one is negative, or nothing would be measured
   */
  void check() {
    if (!(seconds > 0) || !(warmup >= 0)) {
      throw new UsageException("--seconds must be more than 0, and --warmup 0 or more");
    }
  }

  Duration warmup() {
    return duration(warmup);
  }

  Duration measured() {
    return duration(seconds);
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }
}
