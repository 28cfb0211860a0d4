package io.varve.cli;

import io.varve.cli.load.Measurement;
import io.varve.client.VarveClient;
import java.time.Duration;
import java.util.Locale;
import picocli.CommandLine.Option;

/** What every {@code varve bench} scenario takes, and how it tells what it measured. */
abstract class BenchLoadCommand extends ClientCommand {

  private static final int MAX_IN_FLIGHT = 65_536;

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

  BenchLoadCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  /** The scenario's name. */
  abstract String scenario();

  /** How many operations are under way. */
  abstract int inFlight();

  /** Bytes of a payload; 0 where the log decides. */
  abstract int size();

  abstract Measurement measure(VarveClient client) throws InterruptedException;

  /** The first line for people. */
  abstract String text(Measurement measured);

  @Override
  void check() {
    range("--in-flight", inFlight(), 1, MAX_IN_FLIGHT);
    if (!(seconds > 0) || !(warmup >= 0)) {
      throw new UsageException("--seconds must be more than 0, and --warmup 0 or more");
    }
  }

  @Override
  final ExitCode run(VarveClient client, Output output) throws InterruptedException {
    Measurement measured = measure(client);
    output.result(
        out -> {
          out.writeStringField("scenario", scenario());
          out.writeNumberField("in_flight", inFlight());
          out.writeNumberField("size", size());
          out.writeNumberField("ops_per_s", Math.round(measured.operationsPerSecond()));
          out.writeNumberField("events_per_s", Math.round(measured.eventsPerSecond()));
          out.writeNumberField("p50_us", measured.p50Micros());
          out.writeNumberField("p99_us", measured.p99Micros());
          out.writeNumberField("p999_us", measured.p999Micros());
          out.writeNumberField("max_us", measured.maxMicros());
          out.writeNumberField("errors", measured.errors());
          out.writeNumberField("conflicts", measured.conflicts());
        },
        String.format(
            Locale.ROOT,
            "%s%nlatency ms: p50 %.2f  p99 %.2f  p99.9 %.2f  max %.2f%nerrors %d, conflicts %d",
            text(measured),
            measured.p50Micros() / 1e3,
            measured.p99Micros() / 1e3,
            measured.p999Micros() / 1e3,
            measured.maxMicros() / 1e3,
            measured.errors(),
            measured.conflicts()));
    return ExitCode.DONE;
  }

  final Duration warmup() {
    return duration(warmup);
  }

  final Duration measured() {
    return duration(seconds);
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }

  static void range(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new UsageException(option + " must be " + least + " to " + most + ": " + value);
    }
  }
}
