package io.varve.cli;

import io.varve.cli.load.AppendBench;
import io.varve.cli.load.Measurement;
import io.varve.client.VarveClient;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve bench append}: a closed loop of appends. */
@Command(
    name = "append",
    sortOptions = false,
    description = {
      "Append in a closed loop: N slots, each with one append under way, each owning its sources.",
      "Latency is from issue to reply. Events carry a type, a source type and one tag."
    })
final class BenchAppendCommand extends BenchLoadCommand {

  private static final int MAX_EVENTS = 4_096;
  private static final int MAX_PAYLOAD_BYTES = 1 << 20;
  private static final int SOURCES_PER_SLOT = 32;

  @Option(
      names = "--in-flight",
      paramLabel = "N",
      defaultValue = "256",
      description = "Appends under way. Default: ${DEFAULT-VALUE}.")
  private int inFlight;

  @Option(
      names = "--size",
      paramLabel = "BYTES",
      defaultValue = "128",
      description = "Payload of an event, random bytes. Default: ${DEFAULT-VALUE}.")
  private int size;

  @Option(
      names = "--events-per-append",
      paramLabel = "N",
      defaultValue = "1",
      description = "Events of an append. Default: ${DEFAULT-VALUE}.")
  private int eventsPerAppend;

  @Option(
      names = "--conditional",
      arity = "1",
      paramLabel = "true|false",
      defaultValue = "true",
      description = "Whether appends expect their source's exact version. Default: true.")
  private boolean conditional;

  @Option(
      names = "--sources",
      paramLabel = "K",
      description = "Sources in all. Default: 32 for each append under way.")
  private @Nullable Integer sources;

  BenchAppendCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  void check() {
    super.check();
    range("--size", size, 0, MAX_PAYLOAD_BYTES);
    range("--events-per-append", eventsPerAppend, 1, MAX_EVENTS);
    range("--sources", sources(), inFlight, Integer.MAX_VALUE);
  }

  @Override
  VarveClient.Builder configure(VarveClient.Builder builder) {
    return builder.appendWindow(inFlight).appendQueue(inFlight);
  }

  @Override
  String scenario() {
    return "append";
  }

  @Override
  int inFlight() {
    return inFlight;
  }

  @Override
  int size() {
    return size;
  }

  @Override
  Measurement measure(VarveClient client) throws InterruptedException {
    return AppendBench.run(
        client,
        new AppendBench.Plan(
            inFlight,
            size,
            eventsPerAppend,
            warmup(),
            measured(),
            conditional,
            sources(),
            UUID.randomUUID().toString().substring(0, 8)));
  }

  @Override
  String text(Measurement measured) {
    return String.format(
        Locale.ROOT,
        "%,d appends/s (%,d events/s) of %d × %d bytes, %d in flight, %s",
        Math.round(measured.operationsPerSecond()),
        Math.round(measured.eventsPerSecond()),
        eventsPerAppend,
        size,
        inFlight,
        conditional ? "each expecting an exact version" : "without conditions");
  }

  private int sources() {
    return sources == null ? SOURCES_PER_SLOT * inFlight : sources;
  }
}
