package io.varve.gateway.sse;

import io.varve.client.VarveClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/**
 * A process that serves streams and nothing else: {@code LoadGateway HOST:PORT}. Says {@code port
 * N} once it does, and its figures when asked {@code figures}; ends with its input.
 */
final class LoadGateway {
  private LoadGateway() {}

  public static void main(String[] args) throws IOException {
    try (TestGateway gateway =
        new TestGateway(
            () -> VarveClient.builder().target(args[0]).deadline(Duration.ofSeconds(60)).build(),
            TestGateway.OPEN,
            StreamOptions.defaults())) {
      say("port " + gateway.port());
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      while (in.readLine() != null) {
        say(figures(gateway));
      }
    }
  }

  private static String figures(TestGateway gateway) {
    var lag = gateway.metrics.timer("varve_gateway_stream_delivery").getSnapshot();
    long cpu =
        ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime();
    long peak =
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .map(MemoryPoolMXBean::getPeakUsage)
            .mapToLong(usage -> usage.getUsed())
            .sum();
    return String.format(
        Locale.ROOT,
        "upstreams=%d streams=%d events=%d handed_over_p99_ms=%.1f cpu_s=%.1f"
            + " heap_max_mib=%d heap_peak_mib=%d",
        gateway.gauge("varve_gateway_upstream_subscriptions"),
        gateway.gauge("varve_gateway_streams_open"),
        gateway.counter("varve_gateway_stream_events_total"),
        lag.get99thPercentile() / 1e6,
        cpu / 1e9,
        Runtime.getRuntime().maxMemory() >> 20,
        peak >> 20);
  }

  @SuppressWarnings("SystemOut") // What its parent reads.
  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
