package io.varve.cli;

import io.varve.cli.load.Measurement;
import io.varve.cli.load.ReadBench;
import io.varve.client.ReadConsistency;
import io.varve.client.VarveClient;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve bench read}: a closed loop of reads. */
@Command(
    name = "read",
    sortOptions = false,
    description = {
      "Read in a closed loop: N slots, each with one read under way, of one event at a random",
      "position of the log, which must not be empty."
    })
final class BenchReadCommand extends BenchLoadCommand {

  @Option(
      names = "--in-flight",
      paramLabel = "N",
      defaultValue = "256",
      description = "Reads under way. Default: ${DEFAULT-VALUE}.")
  private int inFlight;

  @Option(
      names = "--local",
      description = "Let nodes answer from what they have applied; without it, linearizable.")
  private boolean local;

  BenchReadCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  String scenario() {
    return "read";
  }

  @Override
  int inFlight() {
    return inFlight;
  }

  @Override
  int size() {
    return 0;
  }

  @Override
  Measurement measure(VarveClient client) throws InterruptedException {
    long head = client.head().position();
    if (head == 0) {
      throw new CommandException(
          ExitCode.REFUSED, "EMPTY_LOG", "the log is empty: 'varve bench append' fills it", "");
    }
    return ReadBench.run(
        client,
        inFlight,
        local ? ReadConsistency.local() : ReadConsistency.linearizable(),
        head,
        warmup(),
        measured());
  }

  @Override
  String text(Measurement measured) {
    return String.format(
        Locale.ROOT,
        "%,d %s reads/s of one event, %d in flight",
        Math.round(measured.operationsPerSecond()),
        local ? "local" : "linearizable",
        inFlight);
  }
}
