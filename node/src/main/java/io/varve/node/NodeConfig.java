package io.varve.node;

import io.varve.node.api.ApiOptions;
import io.varve.node.cluster.ClusterConfig;
import io.varve.node.cluster.FoundingSettings;
import io.varve.node.cluster.HostAndPort;
import io.varve.node.cluster.MemberConfig;
import io.varve.node.cluster.RaftTuning;
import io.varve.node.config.ConfigException;
import io.varve.node.config.ConfigKey;
import io.varve.node.config.Overrides;
import io.varve.node.ops.AdminOptions;
import io.varve.node.pipeline.PipelineOptions;
import io.varve.node.read.ReadOptions;
import io.varve.node.routing.RoutingOptions;
import io.varve.statemachine.AppendLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Everything a node is told.
 *
 * @param nodeId this node's id; one of the members'
 * @param dataDirectory where everything of this node lies, on one file system
 * @param listen where its gRPC API listens; usually the port of its own client address
 * @param members every member, this one included, the same on every node
 * @param founding what is fixed for ever if this node's cluster has yet to be founded
 * @param limits how large one append may be
 * @param pipeline bounds of the append pipeline
 * @param routing bounds of what is held for callers
 * @param reads bounds of reads and subscriptions
 * @param api bounds of the gRPC server
 * @param admin where its admin port listens, and its bounds
 * @param raft timeouts, sizes and bounds of its part in the Raft group
 */
public record NodeConfig(
    String nodeId,
    Path dataDirectory,
    HostAndPort listen,
    List<MemberConfig> members,
    FoundingSettings founding,
    AppendLimits limits,
    PipelineOptions pipeline,
    RoutingOptions routing,
    ReadOptions reads,
    ApiOptions api,
    AdminOptions admin,
    RaftTuning raft) {

  public NodeConfig {
    members = List.copyOf(members);
  }

  /**
   * A node that listens at its own client address, with the documented defaults.
   *
   * @throws IllegalArgumentException if the members do not include the node, or an address is none
   */
  public static NodeConfig of(String nodeId, Path dataDirectory, List<MemberConfig> members) {
    MemberConfig self =
        members.stream()
            .filter(member -> member.id().equals(nodeId))
            .findFirst()
            .orElseThrow(
                () -> new IllegalArgumentException("'" + nodeId + "' is not among the members"));
    return new NodeConfig(
        nodeId,
        dataDirectory,
        HostAndPort.parse(self.clientAddress()),
        members,
        FoundingSettings.defaults(),
        AppendLimits.defaults(),
        PipelineOptions.defaults(),
        RoutingOptions.defaults(),
        ReadOptions.defaults(),
        ApiOptions.defaults(),
        AdminOptions.defaults(),
        RaftTuning.defaults());
  }

  /**
   * Reads a configuration file; {@link NodeConfigFile} documents it.
   *
   * @throws ConfigException if it cannot be read or says something that cannot be
   */
  public static NodeConfig load(Path file) {
    return load(file, overrides());
  }

  /**
   * The same, with values from elsewhere over those of the file.
   *
   * @throws ConfigException if something cannot be read, is not known, or cannot be
   */
  public static NodeConfig load(Path file, Overrides overrides) {
    String yaml;
    try {
      yaml = Files.readString(file);
    } catch (IOException e) {
      throw new ConfigException("cannot read " + file + ": " + e, e);
    }
    return NodeConfigFile.parse(yaml, file + ": ", overrides);
  }

  /** No overrides yet, of the keys a node has. */
  public static Overrides overrides() {
    return new Overrides(keys());
  }

  /** Every key of a node's configuration, those of a member apart. */
  public static List<ConfigKey> keys() {
    return NodeConfigFile.keys();
  }

  /** These, with another part in the Raft group. */
  public NodeConfig withRaft(UnaryOperator<RaftTuning> change) {
    return new NodeConfig(
        nodeId,
        dataDirectory,
        listen,
        members,
        founding,
        limits,
        pipeline,
        routing,
        reads,
        api,
        admin,
        change.apply(raft));
  }

  /** These, with another founding. */
  public NodeConfig withFounding(FoundingSettings settings) {
    return new NodeConfig(
        nodeId,
        dataDirectory,
        listen,
        members,
        settings,
        limits,
        pipeline,
        routing,
        reads,
        api,
        admin,
        raft);
  }

  /** These, with another append pipeline. */
  public NodeConfig withPipeline(UnaryOperator<PipelineOptions> change) {
    return new NodeConfig(
        nodeId,
        dataDirectory,
        listen,
        members,
        founding,
        limits,
        change.apply(pipeline),
        routing,
        reads,
        api,
        admin,
        raft);
  }

  /** These, with other bounds of the gRPC server. */
  public NodeConfig withApi(UnaryOperator<ApiOptions> change) {
    return new NodeConfig(
        nodeId,
        dataDirectory,
        listen,
        members,
        founding,
        limits,
        pipeline,
        routing,
        reads,
        change.apply(api),
        admin,
        raft);
  }

  /** These, with another admin port. */
  public NodeConfig withAdmin(UnaryOperator<AdminOptions> change) {
    return new NodeConfig(
        nodeId,
        dataDirectory,
        listen,
        members,
        founding,
        limits,
        pipeline,
        routing,
        reads,
        api,
        change.apply(admin),
        raft);
  }

  /** What the cluster's part of the node is told. */
  ClusterConfig cluster() {
    return new ClusterConfig(nodeId, dataDirectory, members, founding, raft);
  }
}
