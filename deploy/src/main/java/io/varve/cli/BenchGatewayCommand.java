package io.varve.cli;

import io.varve.cli.demo.DemoPorts;
import io.varve.cli.load.GatewayBench;
import io.varve.cli.load.GatewayException;
import io.varve.cli.load.GatewayMeasurement;
import java.net.URI;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code varve bench gateway}: a closed loop of pushes over HTTP, with followers. */
@Command(
    name = "gateway",
    sortOptions = false,
    description = {
      "Push to a gateway over HTTP in a closed loop: N clients, each with a key and a buffer of its",
      "own and one run under way, while followers receive every event over streams. Latency is from",
      "issue to answer; delivery is from an event's recorded time until a follower has it."
    },
    footer = {
      "",
      "Examples:",
      "  varve bench gateway                                  # the demo's",
      "  varve bench gateway --in-flight 4 --events-per-append 50 --followers 20 --json",
      "  varve bench gateway --http https://varve.example.com --seconds 60"
    })
final class BenchGatewayCommand implements Callable<Integer> {

  /** Each is a connection, here and at the gateway. */
  private static final int MAX_CLIENTS = 4_096;

  private static final int MAX_EVENTS = 4_096;
  private static final int MAX_PAYLOAD_BYTES = 1 << 20;

  /** What a gateway takes as one body, less its labels: base64 is a third longer. */
  private static final long MAX_RUN_BYTES = 4L << 20;

  @Option(names = "--http", paramLabel = "URL", description = "The gateway. Default: the demo's.")
  private @Nullable String http;

  @Option(
      names = "--in-flight",
      paramLabel = "N",
      defaultValue = "64",
      description = "Clients, each with one push under way. Default: ${DEFAULT-VALUE}.")
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
      description = "Events of a push. Default: ${DEFAULT-VALUE}.")
  private int eventsPerAppend;

  @Option(
      names = "--followers",
      paramLabel = "N",
      defaultValue = "20",
      description = "Streams that receive every event. Default: ${DEFAULT-VALUE}.")
  private int followers;

  @Mixin private final LoadTimes times = new LoadTimes();

  private final GlobalOptions globals;
  private final Console console;

  BenchGatewayCommand(GlobalOptions globals, Console console) {
    this.globals = globals;
    this.console = console;
  }

  @Override
  public Integer call() throws InterruptedException {
    BenchLoadCommand.range("--in-flight", inFlight, 1, MAX_CLIENTS);
    BenchLoadCommand.range("--size", size, 0, MAX_PAYLOAD_BYTES);
    BenchLoadCommand.range("--events-per-append", eventsPerAppend, 1, MAX_EVENTS);
    BenchLoadCommand.range("--followers", followers, 0, MAX_CLIENTS);
    times.check();
    if ((long) size * eventsPerAppend > MAX_RUN_BYTES) {
      throw new UsageException(
          "--size times --events-per-append must be at most " + MAX_RUN_BYTES + " bytes");
    }
    GatewayBench.Plan plan =
        new GatewayBench.Plan(
            gateway(),
            inFlight,
            size,
            eventsPerAppend,
            followers,
            times.warmup(),
            times.measured(),
            globals.deadline(),
            UUID.randomUUID().toString().substring(0, 8));
    Output output = new Output(console, globals.json());
    GatewayMeasurement measured;
    try {
      measured = GatewayBench.run(plan);
    } catch (GatewayException e) {
      throw e.answered()
          ? CommandException.refused(e.getMessage())
          : new CommandException(ExitCode.UNAVAILABLE, "UNAVAILABLE", e.getMessage(), "--http");
    }
    output.result(
        out -> {
          LoadReport.write(out, "gateway", inFlight, size, measured.pushes());
          out.writeNumberField("delivery_p50_us", measured.deliveryP50Micros());
          out.writeNumberField("delivery_p99_us", measured.deliveryP99Micros());
        },
        LoadReport.text(text(measured), measured.pushes()));
    output.flush();
    return ExitCode.DONE.code();
  }

  private URI gateway() {
    String address = http == null ? "http://" + DemoPorts.defaults().httpAddress() : http;
    try {
      URI uri = URI.create(address);
      String root = uri.getScheme() + "://" + uri.getRawAuthority();
      if (root.matches("https?://.+")
          && uri.getHost() != null
          && uri.getRawUserInfo() == null
          && (address.equals(root) || address.equals(root + "/"))) {
        return URI.create(root + "/");
      }
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw new UsageException(
        "--http must be like http://127.0.0.1:4709, without a path, not '" + address + "'");
  }

  private String text(GatewayMeasurement measured) {
    return String.format(
        Locale.ROOT,
        "%,d pushes/s (%,d events/s) of %d × %d bytes, %d in flight%n"
            + "%,d deliveries/s to %d followers, ms: p50 %.2f  p99 %.2f",
        Math.round(measured.pushes().operationsPerSecond()),
        Math.round(measured.pushes().eventsPerSecond()),
        eventsPerAppend,
        size,
        inFlight,
        Math.round(measured.deliveriesPerSecond()),
        followers,
        measured.deliveryP50Micros() / 1e3,
        measured.deliveryP99Micros() / 1e3);
  }
}
