package io.varve.cli;

import io.varve.cli.load.Measurement;
import io.varve.cli.load.SubscribeBench;
import io.varve.client.VarveClient;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve bench subscribe}: subscriptions that catch up. */
@Command(
    name = "subscribe",
    sortOptions = false,
    description = {
      "Catch up by subscription: N slots, each following the whole log from its first event until",
      "it has caught up, again and again. An operation is a whole catch-up."
    })
final class BenchSubscribeCommand extends BenchLoadCommand {

  @Option(
      names = "--in-flight",
      paramLabel = "N",
      defaultValue = "1",
      description = "Subscriptions at a time. Default: ${DEFAULT-VALUE}.")
  private int inFlight;

  BenchSubscribeCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  String scenario() {
    return "subscribe";
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
    return SubscribeBench.run(client, inFlight, warmup(), measured());
  }

  @Override
  String text(Measurement measured) {
    return String.format(
        Locale.ROOT,
        "%,d events/s to %d subscriptions that catch up, %.2f catch-ups/s",
        Math.round(measured.eventsPerSecond()),
        inFlight,
        measured.operationsPerSecond());
  }
}
