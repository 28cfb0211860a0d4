package io.varve.node;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.varve.node.api.ApiOptions;
import io.varve.node.api.ApiServer;
import io.varve.node.api.LogGate;
import io.varve.node.metrics.Metrics;
import io.varve.node.ops.HealthMonitor;
import io.varve.node.pipeline.AppendPipeline;
import io.varve.node.pipeline.PipelineOptions;
import io.varve.node.read.LogReads;
import io.varve.node.read.ReadOptions;
import io.varve.node.routing.AppendRouter;
import io.varve.node.routing.RoutingOptions;
import io.varve.proto.v1.DescribeResponse;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.statemachine.AppendLimits;
import io.varve.statemachine.AppendValidator;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;

/** A whole node without Raft, served over loopback: the node's rooms in front of a local core. */
public final class LocalNode implements AutoCloseable {

  /** Bounds a test may change before the node starts. */
  public record Bounds(
      PipelineOptions pipeline,
      RoutingOptions routing,
      ReadOptions reads,
      ApiOptions api,
      AppendLimits limits,
      long dedupWindow) {

    public static Bounds defaults() {
      return new Bounds(
          // Fixed, because tests that fill the pipe must know how much it takes.
          PipelineOptions.defaults().withMaxInFlight(3),
          RoutingOptions.defaults(),
          ReadOptions.defaults(),
          ApiOptions.defaults(),
          AppendLimits.defaults(),
          1_000);
    }
  }

  public final LocalReplicator raft;
  public final AppendPipeline pipeline;
  public final AppendRouter router;
  public final LogReads reads;
  public final ApiServer server;
  public final AtomicBoolean ready = new AtomicBoolean(true);

  /** Client addresses of other nodes, for forwarding. */
  public final Map<String, String> others = new ConcurrentHashMap<>();

  public final Metrics metrics = new Metrics();

  private final HealthMonitor health;
  private final ManagedChannel channel;

  public LocalNode(Path directory) {
    this(directory, bounds -> bounds);
  }

  public LocalNode(Path directory, UnaryOperator<Bounds> change) {
    Bounds bounds = change.apply(Bounds.defaults());
    raft = new LocalReplicator(directory, bounds.dedupWindow());
    AppendValidator validator = new AppendValidator(bounds.limits());
    LogGate gate = new LogGate(raft.reader(), validator);
    pipeline = AppendPipeline.start(raft, bounds.pipeline(), metrics);
    router =
        new AppendRouter(
            "n1",
            raft,
            pipeline,
            id -> Optional.ofNullable(others.get(id)),
            gate::logIdentity,
            LocalNode::connect,
            bounds.routing());
    reads = new LogReads(raft.reader(), raft, validator, gate::logIdentity, bounds.reads());
    reads.measure(metrics);
    router.measure(metrics);
    raft.onHeadMoved(reads::headMoved);
    health = HealthMonitor.start(ready::get, Duration.ofMillis(5));
    server =
        ApiServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            gate,
            router,
            reads,
            () -> DescribeResponse.newBuilder().setNodeId("n1").build(),
            List.of(),
            health.service(),
            bounds.api(),
            metrics);
    others.put("n1", "127.0.0.1:" + server.port());
    channel = connect("127.0.0.1:" + server.port());
  }

  /** A new connection to an address. */
  public static ManagedChannel connect(String address) {
    return NettyChannelBuilder.forTarget(address)
        .usePlaintext()
        .disableRetry()
        .maxInboundMessageSize(64 << 20)
        .build();
  }

  public String address() {
    return "127.0.0.1:" + server.port();
  }

  public ManagedChannel channel() {
    return channel;
  }

  /** A stub whose calls have plenty of time. */
  public LogServiceGrpc.LogServiceBlockingStub stub() {
    return LogServiceGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  public LogServiceGrpc.LogServiceStub async() {
    return LogServiceGrpc.newStub(channel);
  }

  /** Header that marks a forwarded call. */
  public static Metadata forwarded() {
    Metadata headers = new Metadata();
    headers.put(io.varve.node.routing.Forwarding.FORWARDED, "n9");
    return headers;
  }

  @Override
  public void close() {
    channel.shutdownNow();
    health.close();
    reads.close();
    pipeline.close();
    router.stop();
    server.close();
    router.close();
    raft.close();
  }
}
