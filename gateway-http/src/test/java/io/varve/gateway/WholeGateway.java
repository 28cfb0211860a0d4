package io.varve.gateway;

import com.linecorp.armeria.server.ServerBuilder;
import io.varve.gateway.identity.Authenticator;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.gateway.identity.IdentityService;
import io.varve.gateway.sse.StreamOptions;
import io.varve.gateway.sse.StreamService;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;

/** Starts gateways of all their parts: routes, identity and streams. */
public final class WholeGateway {
  private WholeGateway() {}

  /** A gateway whose clients show who they are as the options say. */
  public static Gateway start(GatewayConfig config, IdentityOptions identity) {
    return Gateway.start(
        config,
        (cluster, registry) -> {
          IdentityService callers = new IdentityService(cluster, identity, Clock.systemUTC());
          return new Parts(
              callers, new StreamService(cluster, callers, StreamOptions.defaults(), registry));
        });
  }

  private record Parts(IdentityService callers, StreamService streams) implements GatewayParts {

    @Override
    public Authenticator authenticator() {
      return callers;
    }

    @Override
    public void addTo(ServerBuilder server) {
      server.service(callers);
      server.service("/v1/stream", streams);
    }

    @Override
    public CompletableFuture<Void> handOver() {
      return streams.shutdown();
    }

    @Override
    public void close() {
      callers.close();
    }
  }
}
