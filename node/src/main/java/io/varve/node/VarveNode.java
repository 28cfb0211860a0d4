package io.varve.node;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.varve.node.api.ApiOptions;
import io.varve.node.api.ApiServer;
import io.varve.node.api.LogGate;
import io.varve.node.cluster.ClusterNode;
import io.varve.node.cluster.HostAndPort;
import io.varve.node.cluster.MemberConfig;
import io.varve.node.ops.HealthMonitor;
import io.varve.node.ops.StoreMetrics;
import io.varve.node.pipeline.AppendPipeline;
import io.varve.node.read.LogReads;
import io.varve.node.routing.AppendRouter;
import io.varve.node.security.BearerHeader;
import io.varve.statemachine.AppendValidator;
import io.varve.statemachine.ratis.Halt;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One Varve node, from its start to its stop. Thread-safe. */
public final class VarveNode implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(VarveNode.class);

  private static final Duration HEALTH_INTERVAL = Duration.ofMillis(100);

  private final NodeConfig config;
  private final ClusterNode cluster;
  private final AppendPipeline pipeline;
  private final AppendRouter router;
  private final LogReads reads;
  private final HealthMonitor health;
  private final ApiServer api;
  private final Operations operations;
  private boolean closed;

  private VarveNode(
      NodeConfig config,
      ClusterNode cluster,
      AppendPipeline pipeline,
      AppendRouter router,
      LogReads reads,
      HealthMonitor health,
      ApiServer api,
      Operations operations) {
    this.config = config;
    this.cluster = cluster;
    this.pipeline = pipeline;
    this.router = router;
    this.reads = reads;
    this.health = health;
    this.api = api;
    this.operations = operations;
  }

  /**
   * Starts a node. Returns once it serves its API; founding, joining and electing go on in the
   * background: see {@link #ready()}.
   *
   * @throws RuntimeException if the data directory or the address cannot be used
   */
  public static VarveNode start(NodeConfig config) {
    return start(config, Halt.process());
  }

  /**
   * The same, with something else than ending the process to do when the node must not go on.
   *
   * @param halt what to do; may be called on any thread
   */
  public static VarveNode start(NodeConfig config, Halt halt) {
    // First of all: probes are answered while the store opens, which may take a while.
    Operations operations = Operations.start(config);
    ClusterNode cluster;
    try {
      cluster = ClusterNode.start(config.cluster(), halt, operations.metrics());
    } catch (RuntimeException | Error e) {
      operations.close();
      throw e;
    }
    try {
      return serve(config, cluster, operations);
    } catch (RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
  }

  /** Puts the API in front of a cluster node. */
  static VarveNode serve(NodeConfig config, ClusterNode cluster) {
    return serve(config, cluster, Operations.start(config));
  }

  private static VarveNode serve(NodeConfig config, ClusterNode cluster, Operations operations) {
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    opened.push(operations);
    try {
      AppendValidator validator = new AppendValidator(config.limits());
      LogGate gate = new LogGate(cluster.reader(), validator);
      AppendPipeline pipeline =
          AppendPipeline.start(cluster, config.pipeline(), operations.metrics());
      opened.push(pipeline);
      AppendRouter router =
          new AppendRouter(
              config.nodeId(),
              cluster,
              pipeline,
              id -> clientAddress(config, id),
              gate::logIdentity,
              address -> connect(address, config.api()),
              config.routing());
      opened.push(router);
      router.measure(operations.metrics());
      LogReads reads =
          new LogReads(cluster.reader(), cluster, validator, gate::logIdentity, config.reads());
      opened.push(reads);
      reads.measure(operations.metrics());
      StoreMetrics.register(operations.metrics(), cluster.reader(), config.dataDirectory());
      cluster.onApplied(head -> reads.headMoved());
      HealthMonitor health = HealthMonitor.start(cluster::ready, HEALTH_INTERVAL);
      opened.push(health);
      ApiServer api =
          ApiServer.start(
              new InetSocketAddress(config.listen().host(), config.listen().port()),
              gate,
              router,
              reads,
              cluster::describe,
              List.of(cluster.peerService()),
              health.service(),
              config.api(),
              operations.metrics());
      LOG.info("Node {} serves its API at {}", config.nodeId(), config.listen());
      operations.health().serves(pipeline::running, cluster::notReady);
      return new VarveNode(config, cluster, pipeline, router, reads, health, api, operations);
    } catch (RuntimeException | Error e) {
      opened.forEach(VarveNode::closeQuietly);
      throw e;
    }
  }

  /** What the node was told. */
  public NodeConfig config() {
    return config;
  }

  /** The port its API listens on. */
  public int port() {
    return api.port();
  }

  /** Where its admin port listens, if it has one. */
  public Optional<HostAndPort> adminAddress() {
    return operations.adminAddress();
  }

  /**
   * Whether it is of use: it votes, knows a leader, and has once applied everything that was
   * acknowledged before it started.
   */
  public boolean ready() {
    return cluster.ready();
  }

  /** Whether it leads now. */
  public boolean leads() {
    return cluster.leads();
  }

  /** The node's part in its cluster. */
  public ClusterNode cluster() {
    return cluster;
  }

  /**
   * Stops: takes no new calls, lets what is in flight be answered for a bounded time, tells every
   * stream to go elsewhere, leaves the cluster, closes the store.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    LOG.info("Node {} stops", config.nodeId());
    operations.health().stops();
    health.close();
    api.beginStop();
    reads.close();
    pipeline.close(config.api().drain());
    router.stop();
    api.close();
    router.close();
    cluster.close();
    operations.close();
    LOG.info("Node {} has stopped", config.nodeId());
  }

  private static Optional<String> clientAddress(NodeConfig config, String nodeId) {
    return config.members().stream()
        .filter(member -> member.id().equals(nodeId))
        .map(MemberConfig::clientAddress)
        .findFirst();
  }

  /** A connection over which appends are forwarded. */
  private static ManagedChannel connect(String address, ApiOptions options) {
    HostAndPort target = HostAndPort.parse(address);
    return NettyChannelBuilder.forAddress(target.host(), target.port())
        .usePlaintext()
        // A call that gRPC retries by itself is a call whose fate we no longer know.
        .disableRetry()
        .maxInboundMessageSize(options.maxMessageBytes())
        // This node has found its callers entitled: the leader need not know them.
        .intercept(options.gateways().own().map(BearerHeader::showing).stream().toList())
        // A leader that vanished without a word must not hold its callers until their deadlines.
        .keepAliveTime(5, TimeUnit.SECONDS)
        .keepAliveTimeout(5, TimeUnit.SECONDS)
        .build();
  }

  private static void closeQuietly(AutoCloseable opened) {
    try {
      opened.close();
    } catch (Exception e) {
      LOG.warn("Cannot close after a failed start", e);
    }
  }
}
