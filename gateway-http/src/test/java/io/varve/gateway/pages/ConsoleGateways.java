package io.varve.gateway.pages;

import io.varve.client.Event;
import io.varve.client.VarveClient;
import io.varve.gateway.Gateway;
import io.varve.gateway.GatewayConfig;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.gateway.identity.IdentityRecords;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Gateways for the console's tests. */
final class ConsoleGateways {
  private ConsoleGateways() {}

  /** One that asks nobody who they are. */
  static Gateway open(ThreeNodes nodes) {
    return openAt(nodes, 0);
  }

  /** The same at a port; 0 = any. */
  static Gateway openAt(ThreeNodes nodes, int port) {
    return Gateway.start(
        config(nodes, IdentityOptions.open())
            .withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
  }

  /** One where keys register themselves and may then do nothing with others' sources. */
  static Gateway keys(ThreeNodes nodes, Path signingKeys) {
    return Gateway.start(
        config(
            nodes,
            IdentityOptions.keys(signingKeys)
                .withCreateSigningKeys(true)
                .withSelfRegistration(true)));
  }

  /** What {@code varve token grant --client ID --read '*' --append '*'} does. */
  static void grantEverything(VarveClient client, String clientId) {
    Event newest =
        client
            .readLatest(IdentityRecords.latest(IdentityRecords.clientKey(clientId)))
            .iterator()
            .next();
    client
        .append(
            IdentityRecords.event(
                IdentityRecords.GRANTS_CHANGED,
                IdentityRecords.client(newest).withGrants(Grants.everything())),
            IdentityRecords.unchanged(clientId, newest.position()))
        .orThrow();
  }

  private static GatewayConfig config(ThreeNodes nodes, IdentityOptions identity) {
    return GatewayConfig.of(List.copyOf(nodes.targets()), identity)
        .withAdmin(nodes.admin())
        .withDeadline(Duration.ofSeconds(20));
  }
}
