package io.varve.cli.demo;

import io.varve.gateway.Gateway;
import io.varve.gateway.GatewayConfig;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.node.NodeConfig;
import io.varve.node.VarveNode;
import io.varve.node.cluster.HostAndPort;
import io.varve.node.cluster.MemberConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Three nodes and a gateway in this process, on loopback, each node with a data directory of its
 * own: a real cluster, but for the processes. Thread-safe.
 */
public final class DemoCluster implements AutoCloseable {

  private static final long POLL_MILLIS = 20;

  /** Its clients are on this machine, and told to come back at once. */
  private static final Duration GATEWAY_DRAIN = Duration.ofSeconds(1);

  private final DemoDirectory directory;
  private final DemoPorts ports;
  private final Duration drain;
  private final @Nullable VarveNode[] nodes = new VarveNode[DemoPorts.NODES];
  private @Nullable Gateway gateway;
  private boolean closed;

  private DemoCluster(DemoDirectory directory, DemoPorts ports, Duration drain) {
    this.directory = directory;
    this.ports = ports;
    this.drain = drain;
  }

  /**
   * Starts three nodes on what an earlier demonstration left in a directory, or anew.
   *
   * @param path the directory; created when missing
   * @param wanted the ports; empty = those of the data that is there
   * @param otherwise the ports when none are wanted and there is no data
   * @param fresh whether to delete what an earlier demonstration left first
   * @param drain how long calls under way may go on when a node stops
   * @throws DemoException if another process uses the directory or a port
   */
  public static DemoCluster start(
      Path path,
      Optional<DemoPorts> wanted,
      Supplier<DemoPorts> otherwise,
      boolean fresh,
      Duration drain) {
    DemoDirectory directory = DemoDirectory.take(path);
    try {
      if (fresh) {
        directory.clear();
      }
      DemoPorts ports = directory.ports(wanted, otherwise);
      OptionalInt used = ports.firstInUse();
      if (used.isPresent()) {
        throw new DemoException(
            "port "
                + used.getAsInt()
                + " is in use; stop who listens there, or choose other ports with --port-base"
                + " (ten are used, from "
                + ports.base()
                + " on)");
      }
      DemoCluster cluster = new DemoCluster(directory, ports, drain);
      try {
        cluster.startAll();
        return cluster;
      } catch (RuntimeException | Error e) {
        cluster.stopAll();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      directory.close();
      throw e;
    }
  }

  /** Where clients reach the nodes. */
  public DemoPorts ports() {
    return ports;
  }

  /** Where the data is. */
  public Path directory() {
    return directory.path();
  }

  /** Where a device of the demonstration may buffer. */
  Path device() {
    return directory.device();
  }

  /**
   * Waits until every node that runs is of use.
   *
   * @throws DemoException if that takes longer than the limit
   */
  public void awaitReady(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (!ready()) {
      if (System.nanoTime() - end > 0) {
        throw new DemoException(
            "the nodes were not ready within "
                + limit.toSeconds()
                + " s; their data is in "
                + directory.path());
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }

  /**
   * Starts the gateway. Its clients register themselves and may do everything: this is for trying
   * things out on one's own machine.
   */
  public void startGateway() {
    IdentityOptions identity =
        IdentityOptions.keys(directory.signingKeys())
            .withCreateSigningKeys(true)
            .withSelfRegistration(true)
            .withDefaultGrants(Grants.everything());
    GatewayConfig config =
        GatewayConfig.of(addresses(ports::clientAddress), identity)
            .withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), ports.httpPort()))
            .withAdmin(addresses(ports::adminAddress))
            .withAllowedOrigins(Set.of("http://localhost:*", "http://127.0.0.1:*"))
            .withDrain(GATEWAY_DRAIN);
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException("the cluster was closed");
      }
      gateway = Gateway.start(config);
    }
  }

  /** Stops the gateway; whoever uses it is offline then. */
  void stopGateway() {
    Gateway stopping;
    synchronized (this) {
      stopping = gateway;
      gateway = null;
    }
    if (stopping != null) {
      stopping.close();
    }
  }

  /** The node, 0 to 2, that leads now, if one does. */
  OptionalInt leader() {
    return IntStream.range(0, nodes.length)
        .filter(node -> node(node).map(VarveNode::leads).orElse(false))
        .findFirst();
  }

  /** Waits for a node, 0 to 2, that leads; empty when none did within the limit. */
  OptionalInt awaitLeader(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    OptionalInt leader = leader();
    while (leader.isEmpty() && System.nanoTime() - end < 0) {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      leader = leader();
    }
    return leader;
  }

  /** Stops one node at once, whatever it is doing. */
  void stop(int node) {
    VarveNode stopping;
    synchronized (this) {
      stopping = nodes[node];
      nodes[node] = null;
    }
    if (stopping != null) {
      stopping.close();
    }
  }

  /** Starts one node again on what it left. */
  void start(int node) {
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException("the cluster was closed");
      }
      if (nodes[node] == null) {
        nodes[node] = VarveNode.start(config(node));
      }
    }
  }

  /** Stops all nodes and gives the directory back. Idempotent. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    stopGateway();
    stopAll();
    directory.close();
  }

  private void startAll() {
    for (int node = 0; node < nodes.length; node++) {
      start(node);
    }
  }

  /** Together: one after the other, each but the first would wait for a majority that is gone. */
  private void stopAll() {
    List<CompletableFuture<Void>> stops = new ArrayList<>();
    for (int node = 0; node < nodes.length; node++) {
      int stopping = node;
      stops.add(
          CompletableFuture.runAsync(
              () -> stop(stopping), task -> new Thread(task, "stop-node").start()));
    }
    CompletableFuture.allOf(stops.toArray(CompletableFuture[]::new)).join();
  }

  private boolean ready() {
    return IntStream.range(0, nodes.length)
        .allMatch(node -> node(node).map(VarveNode::ready).orElse(true));
  }

  private synchronized Optional<VarveNode> node(int node) {
    return Optional.ofNullable(nodes[node]);
  }

  private NodeConfig config(int node) {
    return NodeConfig.of(DemoDirectory.nodeId(node), directory.node(node), members())
        .withApi(api -> api.withDrain(drain))
        .withAdmin(admin -> admin.withListen(HostAndPort.parse(ports.adminAddress(node))));
  }

  private static List<String> addresses(IntFunction<String> address) {
    return IntStream.range(0, DemoPorts.NODES).mapToObj(address).toList();
  }

  private List<MemberConfig> members() {
    return IntStream.range(0, DemoPorts.NODES)
        .mapToObj(
            node ->
                new MemberConfig(
                    DemoDirectory.nodeId(node), ports.peerAddress(node), ports.clientAddress(node)))
        .toList();
  }
}
