package io.varve.gateway;

import com.codahale.metrics.MetricRegistry;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.common.TlsKeyPair;
import com.linecorp.armeria.server.GracefulShutdown;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import io.varve.client.VarveClient;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.http.Routes;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A gateway: HTTP and Server-Sent Events before a cluster. It keeps nothing that another gateway
 * would need, so any number may stand before one cluster. Thread-safe.
 */
public final class Gateway implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

  /** After the drain: to write what is answered and close connections. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(1);

  private final GatewayConfig config;
  private final Cluster cluster;
  private final Routes routes;
  private final GatewayParts parts;
  private final Server server;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Gateway(
      GatewayConfig config, Cluster cluster, Routes routes, GatewayParts parts, Server server) {
    this.config = config;
    this.cluster = cluster;
    this.routes = routes;
    this.parts = parts;
    this.server = server;
  }

  /**
   * Starts a gateway; returns when it listens. It starts without a cluster too, and finds it later.
   *
   * @throws RuntimeException if it cannot listen, or its keys cannot be read
   */
  public static Gateway start(GatewayConfig config) {
    return start(config, (cluster, registry) -> new IdentityAndStreams(config, cluster, registry));
  }

  /** Starts a gateway of the given parts; returns when it listens. */
  static Gateway start(GatewayConfig config, GatewayParts.Maker maker) {
    Cluster cluster = new Cluster(() -> client(config));
    MetricRegistry registry = new MetricRegistry();
    GatewayParts parts;
    try {
      parts = maker.make(cluster, registry);
    } catch (RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
    Routes routes =
        new Routes(cluster, parts.authenticator(), config.admin(), config.limits(), registry);
    try {
      Server server = server(config, routes, parts);
      listen(server, config.listen());
      Gateway gateway = new Gateway(config, cluster, routes, parts, server);
      LOG.info("the gateway listens at {}", gateway.uri());
      return gateway;
    } catch (RuntimeException | Error e) {
      routes.close();
      parts.close();
      cluster.close();
      throw e;
    }
  }

  /**
   * Where it is reached. An address that stands for all of the machine's is named by its loopback.
   */
  public URI uri() {
    String scheme = config.tls().isPresent() ? "https" : "http";
    String host =
        config.listen().getAddress() != null && config.listen().getAddress().isAnyLocalAddress()
            ? "127.0.0.1"
            : config.listen().getHostString();
    String bracketed = host.contains(":") ? "[" + host + "]" : host;
    return URI.create(scheme + "://" + bracketed + ":" + port() + "/");
  }

  /** The port it listens on. */
  public int port() {
    return server.activeLocalPort();
  }

  /**
   * Stops: no more connections, those who wait or follow are told to come back elsewhere, what is
   * under way may finish within {@link GatewayConfig#drain()}. Returns when all is over.
   * Idempotent.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    routes.release();
    try {
      parts.handOver().get(config.drain().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      LOG.warn("not all who follow streams could be told that the gateway stops", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.stop().join();
    routes.close();
    parts.close();
    cluster.close();
    LOG.info("the gateway has stopped");
  }

  private static void listen(Server server, InetSocketAddress address) {
    try {
      server.start().join();
    } catch (CompletionException e) {
      // The cause does not say which port it was.
      throw new IllegalStateException(
          "cannot listen at " + address.getHostString() + ":" + address.getPort(), e.getCause());
    }
  }

  private static VarveClient client(GatewayConfig config) {
    VarveClient.Builder client =
        VarveClient.builder()
            .targets(config.targets())
            .log(config.log())
            .deadline(config.deadline());
    config.clusterTls().ifPresent(client::tls);
    config.clusterToken().ifPresent(client::token);
    return client.build();
  }

  private static Server server(GatewayConfig config, Routes routes, GatewayParts parts) {
    ServerBuilder server = Server.builder();
    InetSocketAddress listen = config.listen();
    if (config.tls().isPresent()) {
      server
          .port(listen, SessionProtocol.HTTPS)
          .tls(
              TlsKeyPair.of(
                  config.tls().get().privateKey().toFile(),
                  config.tls().get().certificateChain().toFile()));
    } else {
      server.port(listen, SessionProtocol.HTTP);
    }
    server.gracefulShutdown(
        GracefulShutdown.builder()
            .quietPeriod(Duration.ZERO)
            .timeout(config.drain().plus(LAST_WORDS))
            .build());
    parts.addTo(server);
    // Last, since pages take whatever nothing else does.
    routes.addTo(server, config.allowedOrigins());
    return server.build();
  }
}
