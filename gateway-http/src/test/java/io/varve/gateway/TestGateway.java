package io.varve.gateway;

import com.linecorp.armeria.server.ServerBuilder;
import io.varve.gateway.identity.Authenticator;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/** Starts gateways of the routes alone, with callers of the test's own. */
public final class TestGateway {
  private TestGateway() {}

  /** A gateway before one node. */
  public static Gateway start(String target, Authenticator callers) {
    return start(target, callers, config -> config);
  }

  /** A gateway before one node, set up as a test wants. */
  public static Gateway start(
      String target, Authenticator callers, UnaryOperator<GatewayConfig> further) {
    GatewayConfig config = GatewayConfig.of(List.of(target)).withDeadline(Duration.ofSeconds(20));
    return Gateway.start(further.apply(config), (cluster, registry) -> new Parts(callers));
  }

  private record Parts(Authenticator authenticator) implements GatewayParts {

    @Override
    public void addTo(ServerBuilder server) {}

    @Override
    public CompletableFuture<Void> handOver() {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void close() {}
  }
}
