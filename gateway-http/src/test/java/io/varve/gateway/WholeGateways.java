package io.varve.gateway;

import com.codahale.metrics.MetricRegistry;
import com.linecorp.armeria.server.ServerBuilder;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.identity.Authenticator;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.gateway.identity.IdentityService;
import io.varve.gateway.sse.StreamOptions;
import io.varve.gateway.sse.StreamService;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;

/** Gateways with all of their parts, for tests of pages. */
public final class WholeGateways {
  private WholeGateways() {}

  /** Starts one. */
  public static Gateway start(GatewayConfig config, IdentityOptions options) {
    return Gateway.start(config, (cluster, registry) -> new Parts(cluster, options, registry));
  }

  private static final class Parts implements GatewayParts {
    private final IdentityService identity;
    private final StreamService streams;

    Parts(Cluster cluster, IdentityOptions options, MetricRegistry registry) {
      identity = new IdentityService(cluster, options, Clock.systemUTC());
      streams = new StreamService(cluster, identity, StreamOptions.defaults(), registry);
    }

    @Override
    public Authenticator authenticator() {
      return identity;
    }

    @Override
    public void addTo(ServerBuilder server) {
      server.service(identity).service("/v1/stream", streams);
    }

    @Override
    public CompletableFuture<Void> handOver() {
      return streams.shutdown();
    }

    @Override
    public void close() {
      identity.close();
    }
  }
}
