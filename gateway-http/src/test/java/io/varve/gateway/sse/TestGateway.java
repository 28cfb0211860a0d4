package io.varve.gateway.sse;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.server.Server;
import io.varve.client.VarveClient;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.identity.Authenticator;
import io.varve.gateway.identity.Caller;
import io.varve.gateway.identity.Grants;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A server of streams and nothing else, on a free port. */
final class TestGateway implements AutoCloseable {
  /** Lets everybody do everything, as the open mode does. */
  static final Authenticator OPEN =
      headers ->
          CompletableFuture.completedFuture(
              new Caller(Optional.empty(), Grants.everything(), Optional.empty()));

  private static final long WAIT_SECONDS = 60;

  static {
    // As the gateway itself has it: a source may be named so.
    System.setProperty("com.linecorp.armeria.allowDoubleDotsInQueryString", "true");
  }

  final MetricRegistry metrics = new MetricRegistry();
  final Cluster cluster;
  final StreamService streams;
  private final Server server;

  TestGateway(Supplier<VarveClient> clients, Authenticator authenticator, StreamOptions options) {
    this(clients, authenticator, options, Clock.systemUTC());
  }

  TestGateway(
      Supplier<VarveClient> clients,
      Authenticator authenticator,
      StreamOptions options,
      Clock clock) {
    cluster = new Cluster(clients);
    streams = new StreamService(cluster, authenticator, options, metrics, clock);
    server =
        Server.builder()
            .http(0)
            .http1MaxInitialLineLength(128 << 10)
            .http2MaxHeaderListSize(128 << 10)
            .gracefulShutdownTimeoutMillis(0, 0)
            .idleTimeoutMillis(60_000)
            .service("/v1/stream", streams)
            .build();
    server.start().join();
  }

  /** Connections for clients of one test. */
  static ClientFactory clientFactory() {
    return ClientFactory.builder().build();
  }

  int port() {
    return server.activeLocalPort();
  }

  long gauge(String name) {
    Gauge<?> gauge = (Gauge<?>) metrics.getMetrics().get(name);
    return ((Number) gauge.getValue()).longValue();
  }

  long counter(String name) {
    return metrics.counter(name).getCount();
  }

  static void await(String what, BooleanSupplier condition) {
    long begin = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(WAIT_SECONDS)) {
        throw new AssertionError("not within " + WAIT_SECONDS + " s: " + what);
      }
      pause(Duration.ofMillis(5));
    }
  }

  static void pause(Duration duration) {
    try {
      TimeUnit.NANOSECONDS.sleep(duration.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    streams.shutdown().join();
    server.stop().join();
    cluster.close();
  }
}
