package io.varve.node.api;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.varve.node.metrics.Metrics;
import io.varve.node.read.LogReads;
import io.varve.node.routing.AppendRouter;
import io.varve.proto.v1.DescribeResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** The one gRPC server of a node: the log, the cluster, its peers' calls, health and reflection. */
public final class ApiServer implements AutoCloseable {

  private static final int MAX_WAITING_BLOCKING_CALLS = 256;

  /** How long a connection may take to begin to speak. */
  private static final long HANDSHAKE_SECONDS = 10;

  private final Server server;
  private final ExecutorService blocking;
  private final ApiOptions options;

  private ApiServer(Server server, ExecutorService blocking, ApiOptions options) {
    this.server = server;
    this.blocking = blocking;
    this.options = options;
  }

  /**
   * Starts serving.
   *
   * @param listen where; port 0 = any free one
   * @param describe the cluster's state; may block a bounded time
   * @param peerServices what peers call; may block a bounded time
   * @param health the health service
   * @param metrics where calls are counted
   * @throws UncheckedIOException if the address cannot be bound
   */
  public static ApiServer start(
      InetSocketAddress listen,
      LogGate gate,
      AppendRouter router,
      LogReads reads,
      Supplier<DescribeResponse> describe,
      List<BindableService> peerServices,
      BindableService health,
      ApiOptions options,
      Metrics metrics) {
    ExecutorService blocking = newBlockingThreads(options.blockingThreads());
    Statuses.load();
    Offload offload = new Offload(blocking);
    LeaderHeader leader = new LeaderHeader(router);
    ConnectionOptions connections = options.connections();
    ConnectionLimit limit = new ConnectionLimit(connections.maxConnections(), metrics);
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(listen)
            .directExecutor()
            .intercept(limit)
            .intercept(new RpcMetrics(metrics)) // added last, called first: it counts refusals too
            .addTransportFilter(limit)
            .maxInboundMessageSize(options.maxMessageBytes())
            .maxConcurrentCallsPerConnection(options.maxCallsPerConnection())
            .handshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTime(connections.keepAliveTime().toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(connections.keepAliveTimeout().toMillis(), TimeUnit.MILLISECONDS)
            .maxConnectionIdle(connections.connectionIdle().toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveTime(connections.minClientKeepAlive().toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveWithoutCalls(true)
            .addService(
                ServerInterceptors.intercept(
                    WellFormed.of(new LogService(gate, router, reads).definition()),
                    leader,
                    new GatewayCallers(options.gateways())))
            .addService(
                ServerInterceptors.intercept(
                    WellFormed.of(new ClusterService(describe).bindService()), offload, leader))
            .addService(health)
            .addService(ProtoReflectionServiceV1.newInstance());
    for (BindableService service : peerServices) {
      builder.addService(
          ServerInterceptors.intercept(WellFormed.of(service.bindService()), offload));
    }
    try {
      return new ApiServer(builder.build().start(), blocking, options);
    } catch (IOException e) {
      blocking.shutdownNow();
      throw new UncheckedIOException("cannot listen on " + listen + ": " + e.getMessage(), e);
    }
  }

  /** The port it listens on. */
  public int port() {
    return server.getPort();
  }

  /** Takes no new calls; open ones go on. */
  public void beginStop() {
    server.shutdown();
  }

  /** Stops; open calls may go on for as long as the options say. */
  @Override
  public void close() {
    server.shutdown();
    try {
      if (!server.awaitTermination(options.drain().toMillis(), TimeUnit.MILLISECONDS)) {
        server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    blocking.shutdownNow();
  }

  private static ExecutorService newBlockingThreads(int threads) {
    AtomicInteger number = new AtomicInteger();
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING_BLOCKING_CALLS),
            task -> {
              Thread thread = new Thread(task, "varve-cluster-call-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }
}
