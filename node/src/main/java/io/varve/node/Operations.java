package io.varve.node;

import io.varve.node.cluster.HostAndPort;
import io.varve.node.metrics.Metrics;
import io.varve.node.ops.AdminServer;
import io.varve.node.ops.JvmMetrics;
import io.varve.node.ops.NodeHealth;
import io.varve.node.ops.NodeMetrics;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a node's operators see of it, from before its store opens until after it has closed. */
final class Operations implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Operations.class);

  private final NodeHealth health;
  private final Metrics metrics;
  private final Optional<AdminServer> admin;
  private final Optional<HostAndPort> adminAddress;

  private Operations(
      NodeHealth health,
      Metrics metrics,
      Optional<AdminServer> admin,
      Optional<HostAndPort> adminAddress) {
    this.health = health;
    this.metrics = metrics;
    this.admin = admin;
    this.adminAddress = adminAddress;
  }

  static Operations start(NodeConfig config) {
    NodeHealth health = new NodeHealth();
    Metrics metrics = new Metrics();
    NodeMetrics.register(metrics, config.nodeId(), health);
    JvmMetrics.register(metrics);
    Optional<AdminServer> admin =
        config
            .admin()
            .listen()
            .map(listen -> AdminServer.start(listen, config.admin(), health, metrics::text));
    Optional<HostAndPort> address =
        admin.flatMap(
            server ->
                config
                    .admin()
                    .listen()
                    .map(listen -> new HostAndPort(listen.host(), server.port())));
    address.ifPresent(
        at -> LOG.info("Node {} serves its admin port at {}", config.nodeId(), at.text()));
    return new Operations(health, metrics, admin, address);
  }

  NodeHealth health() {
    return health;
  }

  Metrics metrics() {
    return metrics;
  }

  Optional<HostAndPort> adminAddress() {
    return adminAddress;
  }

  @Override
  public void close() {
    admin.ifPresent(AdminServer::close);
  }
}
