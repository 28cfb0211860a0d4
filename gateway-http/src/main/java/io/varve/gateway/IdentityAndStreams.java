package io.varve.gateway;

import com.codahale.metrics.MetricRegistry;
import com.linecorp.armeria.server.ServerBuilder;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.identity.Authenticator;
import io.varve.gateway.identity.IdentityService;
import io.varve.gateway.sse.StreamService;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;

/** What every gateway has beside its routes: who asks, and who follows. */
final class IdentityAndStreams implements GatewayParts {
  private final IdentityService identity;
  private final StreamService streams;

  IdentityAndStreams(GatewayConfig config, Cluster cluster, MetricRegistry registry) {
    this.identity = new IdentityService(cluster, config.identity(), Clock.systemUTC());
    this.streams = new StreamService(cluster, identity, config.streams(), registry);
  }

  @Override
  public Authenticator authenticator() {
    return identity;
  }

  @Override
  public void addTo(ServerBuilder server) {
    server.service(identity);
    server.service("/v1/stream", streams);
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
