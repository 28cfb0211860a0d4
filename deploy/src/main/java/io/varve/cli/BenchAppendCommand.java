package io.varve.cli;

import io.varve.cli.load.AppendBench;
import io.varve.client.VarveClient;
import java.time.Duration;
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
final class BenchAppendCommand extends ClientCommand {

  private static final int MAX_IN_FLIGHT = 65_536;
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
    range("--in-flight", inFlight, 1, MAX_IN_FLIGHT);
    range("--size", size, 0, MAX_PAYLOAD_BYTES);
    range("--events-per-append", eventsPerAppend, 1, MAX_EVENTS);
    range("--sources", sources(), inFlight, Integer.MAX_VALUE);
    if (!(seconds > 0) || !(warmup >= 0)) {
      throw new UsageException("--seconds must be more than 0, and --warmup 0 or more");
    }
  }

  @Override
  VarveClient.Builder configure(VarveClient.Builder builder) {
    return builder.appendWindow(inFlight).appendQueue(inFlight);
  }

  @Override
  ExitCode run(VarveClient client, Output output) throws InterruptedException {
    AppendBench.Measurement measured =
        AppendBench.run(
            client,
            new AppendBench.Plan(
                inFlight,
                size,
                eventsPerAppend,
                duration(warmup),
                duration(seconds),
                conditional,
                sources(),
                UUID.randomUUID().toString().substring(0, 8)));
    output.result(
        out -> {
          out.writeStringField("scenario", "append");
          out.writeNumberField("in_flight", inFlight);
          out.writeNumberField("size", size);
          out.writeNumberField("ops_per_s", Math.round(measured.operationsPerSecond()));
          out.writeNumberField("events_per_s", Math.round(measured.eventsPerSecond()));
          out.writeNumberField("p50_us", measured.p50Micros());
          out.writeNumberField("p99_us", measured.p99Micros());
          out.writeNumberField("p999_us", measured.p999Micros());
          out.writeNumberField("max_us", measured.maxMicros());
          out.writeNumberField("errors", measured.errors());
          out.writeNumberField("conflicts", measured.conflicts());
        },
        text(measured));
    return ExitCode.DONE;
  }

  private String text(AppendBench.Measurement measured) {
    return String.format(
        Locale.ROOT,
        "%,d appends/s (%,d events/s) of %d × %d bytes, %d in flight, %s%n"
            + "latency ms: p50 %.2f  p99 %.2f  p99.9 %.2f  max %.2f%n"
            + "errors %d, conflicts %d",
        Math.round(measured.operationsPerSecond()),
        Math.round(measured.eventsPerSecond()),
        eventsPerAppend,
        size,
        inFlight,
        conditional ? "each expecting an exact version" : "without conditions",
        measured.p50Micros() / 1e3,
        measured.p99Micros() / 1e3,
        measured.p999Micros() / 1e3,
        measured.maxMicros() / 1e3,
        measured.errors(),
        measured.conflicts());
  }

  private int sources() {
    return sources == null ? SOURCES_PER_SLOT * inFlight : sources;
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }

  private static void range(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new UsageException(option + " must be " + least + " to " + most + ": " + value);
    }
  }
}
