package io.varve.cli;

import io.varve.cli.load.Measurement;
import io.varve.client.VarveClient;
import java.time.Duration;
import picocli.CommandLine.Mixin;

/** What every {@code varve bench} scenario takes, and how it tells what it measured. */
abstract class BenchLoadCommand extends ClientCommand {

  private static final int MAX_IN_FLIGHT = 65_536;

  @Mixin private final LoadTimes times = new LoadTimes();

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
    times.check();
  }

  @Override
  final ExitCode run(VarveClient client, Output output) throws InterruptedException {
    Measurement measured = measure(client);
    output.result(
        out -> LoadReport.write(out, scenario(), inFlight(), size(), measured),
        LoadReport.text(text(measured), measured));
    return ExitCode.DONE;
  }

  final Duration warmup() {
    return times.warmup();
  }

  final Duration measured() {
    return times.measured();
  }

  static void range(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new UsageException(option + " must be " + least + " to " + most + ": " + value);
    }
  }
}
