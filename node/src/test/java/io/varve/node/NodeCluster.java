package io.varve.node;

import io.grpc.ManagedChannel;
import io.varve.node.api.ApiOptions;
import io.varve.node.cluster.ClusterConfig;
import io.varve.node.cluster.FoundingSettings;
import io.varve.node.cluster.TestCluster;
import io.varve.proto.v1.LogServiceGrpc;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** Three whole nodes in one JVM, each served at its client address. */
final class NodeCluster implements AutoCloseable {

  private final TestCluster cluster;
  private final Map<String, VarveNode> nodes = new ConcurrentHashMap<>();
  private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();

  NodeCluster(Path directory) {
    this(directory, api -> api);
  }

  /** Three nodes with another API than the default. */
  NodeCluster(Path directory, UnaryOperator<ApiOptions> api) {
    cluster =
        new TestCluster(
            directory,
            3,
            TestCluster.STEADY,
            FoundingSettings.defaults(),
            (node, config) -> {
              VarveNode served = VarveNode.serve(config(config).withApi(api), node);
              nodes.put(config.nodeId(), served);
              return served;
            });
    cluster.start();
    cluster.awaitReady();
  }

  private static NodeConfig config(ClusterConfig config) {
    return NodeConfig.of(config.nodeId(), config.dataDirectory(), config.members())
        .withRaft(tuning -> config.tuning());
  }

  TestCluster cluster() {
    return cluster;
  }

  VarveNode node(String id) {
    return nodes.get(id);
  }

  /** The id of the node that leads. */
  String leader() {
    return cluster.awaitLeader();
  }

  /** The id of a running node that does not lead. */
  String follower() {
    return cluster.othersThan(leader()).get(0);
  }

  String address(String id) {
    return cluster.config(id).members().stream()
        .filter(member -> member.id().equals(id))
        .findFirst()
        .orElseThrow()
        .clientAddress();
  }

  ManagedChannel channel(String id) {
    return channels.computeIfAbsent(id, missing -> LocalNode.connect(address(id)));
  }

  LogServiceGrpc.LogServiceBlockingStub stub(String id) {
    return LogServiceGrpc.newBlockingStub(channel(id)).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  LogServiceGrpc.LogServiceStub async(String id) {
    return LogServiceGrpc.newStub(channel(id));
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
    cluster.close();
  }
}
