package io.varve.node.cluster;

import org.apache.ratis.conf.Parameters;
import org.apache.ratis.grpc.GrpcFactory;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppender;

/**
 * Ratis's gRPC transport, which also lets us reach the leader's log appenders: there is no other
 * way to tell followers a new commit index before the next heartbeat. Made by Ratis, by reflection.
 */
final class TrackingRpcType implements RpcType {

  private static final String KEY = "varve.appenders";

  /** Called by reflection. */
  TrackingRpcType() {}

  /** Parameters for a Raft server whose appenders shall be known to the given ones. */
  static Parameters parameters(LogAppenders appenders) {
    Parameters parameters = new Parameters();
    parameters.put(KEY, appenders, LogAppenders.class);
    return parameters;
  }

  @Override
  public String name() {
    return getClass().getName();
  }

  @Override
  public GrpcFactory newFactory(Parameters parameters) {
    LogAppenders appenders = parameters.getNonNull(KEY, LogAppenders.class);
    return new GrpcFactory(parameters) {
      @Override
      public LogAppender newLogAppender(
          RaftServer.Division server, LeaderState state, FollowerInfo follower) {
        return new TrackedAppender(server, state, follower, appenders);
      }
    };
  }
}
