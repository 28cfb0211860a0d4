package io.varve.gateway.pages;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.gateway.Gateway;
import io.varve.gateway.GatewayConfig;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.testkit.EmbeddedVarve;
import io.varve.testkit.FreePorts;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A gateway before a real node that can be stopped and started again at the same address. Clients
 * register themselves and may read and append where the canvas does, except that only canvases
 * whose name begins with {@code t-} may be painted on.
 */
final class GatewaySite implements AutoCloseable {
  private final EmbeddedVarve varve = EmbeddedVarve.start();
  private final Path signingKeys;
  private final int port = FreePorts.next();
  private Optional<Gateway> gateway = Optional.empty();

  GatewaySite(Path directory) {
    signingKeys = directory.resolve("signing-keys.json");
    start();
  }

  /** Where it is: browsers trust localhost as they trust https. */
  URI uri() {
    return URI.create("http://localhost:" + port);
  }

  /** Stops listening; returns when nobody is answered any more. */
  void stop() {
    gateway.ifPresent(Gateway::close);
    gateway = Optional.empty();
  }

  /** Listens again: another gateway, at the same address. */
  void start() {
    if (gateway.isEmpty()) {
      gateway = Optional.of(open());
    }
  }

  /** Appends an event as a service does, past the gateway, and answers its position. */
  long append(String source, String key, String data) {
    return varve
        .client()
        .append(NewEvent.builder(source, "Appended").key(key).data(data).build())
        .orThrow()
        .firstPosition();
  }

  /** The events of a source, as the log holds them. */
  List<Event> events(String source) {
    List<Event> events = new ArrayList<>();
    try (EventStream stream = varve.client().read(ReadOptions.ofSource(source))) {
      stream.forEach(events::add);
    }
    return events;
  }

  @Override
  public void close() {
    stop();
    varve.close();
  }

  private Gateway open() {
    IdentityOptions identity =
        IdentityOptions.keys(signingKeys)
            .withCreateSigningKeys(true)
            .withSelfRegistration(true)
            .withDefaultGrants(
                new Grants(List.of("canvas/", "presence/"), List.of("canvas/t-", "presence/")));
    return Gateway.start(
        GatewayConfig.of(List.of(varve.target()), identity)
            .withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .withDeadline(Duration.ofSeconds(20))
            .withDrain(Duration.ofSeconds(1)));
  }
}
