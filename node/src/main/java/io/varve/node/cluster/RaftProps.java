package io.varve.node.cluster;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** Every setting of Ratis that matters here, in one place. */
final class RaftProps {

  /** What gRPC adds around the largest message. */
  private static final long MESSAGE_OVERHEAD_BYTES = 2L << 20;

  private RaftProps() {}

  static RaftProperties of(ClusterConfig config) {
    RaftTuning tuning = config.tuning();
    RaftProperties p = new RaftProperties();
    storage(p, config);
    rpc(p, config);
    elections(p, tuning);
    log(p, tuning);
    snapshots(p, tuning);
    requests(p, tuning);
    return p;
  }

  private static void storage(RaftProperties p, ClusterConfig config) {
    RaftServerConfigKeys.setStorageDir(p, List.of(config.raftDirectory().toFile()));
    RaftServerConfigKeys.setRemovedGroupsDir(
        p, config.dataDirectory().resolve("raft-removed").toFile());
  }

  private static void rpc(RaftProperties p, ClusterConfig config) {
    HostAndPort address = HostAndPort.parse(config.self().peerAddress());
    p.set(RaftConfigKeys.Rpc.TYPE_KEY, TrackingRpcType.class.getName());
    GrpcConfigKeys.Server.setHost(p, address.host());
    GrpcConfigKeys.Server.setPort(p, address.port());
    long message =
        Math.max(config.tuning().entryBytes(), config.tuning().snapshotChunkBytes())
            + MESSAGE_OVERHEAD_BYTES;
    GrpcConfigKeys.setMessageSizeMax(p, SizeInBytes.valueOf(message));
    GrpcConfigKeys.setFlowControlWindow(p, SizeInBytes.valueOf("4MB"));
    RaftServerConfigKeys.Rpc.setRequestTimeout(p, millis(Duration.ofSeconds(3)));
    // A follower that is merely slow is no reason to do anything here.
    RaftServerConfigKeys.Rpc.setSlownessTimeout(p, millis(Duration.ofSeconds(60)));
  }

  private static void elections(RaftProperties p, RaftTuning tuning) {
    RaftServerConfigKeys.Rpc.setTimeoutMin(p, millis(tuning.electionTimeoutMin()));
    RaftServerConfigKeys.Rpc.setTimeoutMax(p, millis(tuning.electionTimeoutMax()));
    // After a start there is nobody to wait for; a leader that is alive stops this at the pre-vote.
    RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(
        p, millis(tuning.electionTimeoutMin().dividedBy(3)));
    RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(
        p, millis(tuning.electionTimeoutMax().dividedBy(2)));
    RaftServerConfigKeys.LeaderElection.setPreVote(p, true);
    // How long one that lost its majority stays out of elections. Ratis's 10 s would keep a cluster
    // of which another node is down without a leader for as long.
    RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(
        p, millis(tuning.electionTimeoutMax()));
    // A process that was stopped for a while goes on afterwards; by default Ratis would close.
    RaftServerConfigKeys.setCloseThreshold(p, TimeDuration.valueOf(365, TimeUnit.DAYS));
  }

  private static void log(RaftProperties p, RaftTuning tuning) {
    RaftServerConfigKeys.Log.setUseMemory(p, false);
    RaftServerConfigKeys.Log.setSegmentSizeMax(p, SizeInBytes.valueOf(tuning.logSegmentBytes()));
    RaftServerConfigKeys.Log.setPreallocatedSize(
        p, SizeInBytes.valueOf(tuning.logPreallocatedBytes()));
    RaftServerConfigKeys.Log.setSegmentCacheSizeMax(p, SizeInBytes.valueOf(tuning.logCacheBytes()));
    RaftServerConfigKeys.Log.setSegmentCacheNumMax(p, 2);
    // Never acknowledged before the disk has it.
    RaftServerConfigKeys.Log.setUnsafeFlushEnabled(p, false);
    RaftServerConfigKeys.Log.setAsyncFlushEnabled(p, false);
    // One entry per commit saved; the price is not to know the commit index while a majority is
    // away.
    RaftServerConfigKeys.Log.setLogMetadataEnabled(p, false);
    RaftServerConfigKeys.Log.setAppendEntriesComposeEnabled(p, false);
    RaftServerConfigKeys.Log.Appender.setBufferByteLimit(
        p, SizeInBytes.valueOf(tuning.entryBytes()));
    // The write buffer must hold the largest entry and its frame.
    RaftServerConfigKeys.Log.setWriteBufferSize(
        p, SizeInBytes.valueOf(tuning.entryBytes() + MESSAGE_OVERHEAD_BYTES));
    // A message goes out when there is one, not a millisecond after the last.
    RaftServerConfigKeys.Log.Appender.setWaitTimeMin(p, TimeDuration.ZERO);
    // How long to leave a follower alone after errors. Ratis's default comes to 5 s, so that a node
    // that returns after a while away would wait that long, several times over, for each step of
    // its way back.
    RaftServerConfigKeys.Log.Appender.setRetryPolicy(p, "1ms,10, 50ms,20, 200ms,1000000");
  }

  private static void snapshots(RaftProperties p, RaftTuning tuning) {
    // Triggered by bytes of log, see SnapshotPolicy; Ratis counts entries.
    RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(p, false);
    RaftServerConfigKeys.Snapshot.setTriggerWhenStopEnabled(p, false);
    RaftServerConfigKeys.Snapshot.setTriggerWhenRemoveEnabled(p, false);
    RaftServerConfigKeys.Snapshot.setCreationGap(p, 1);
    // Up to the index the state machine names, which lies behind the last complete snapshot.
    RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(p, true);
    RaftServerConfigKeys.Log.setPurgeGap(p, 1);
    RaftServerConfigKeys.Log.Appender.setInstallSnapshotEnabled(p, true);
    RaftServerConfigKeys.Log.Appender.setSnapshotChunkSizeMax(
        p, SizeInBytes.valueOf(tuning.snapshotChunkBytes()));
    GrpcConfigKeys.Server.setInstallSnapshotRequestElementLimit(p, 2 * PacedRequests.WINDOW);
    // Times the limit above: when an unanswered installation fails. The last piece is answered only
    // when the received files are durable.
    GrpcConfigKeys.Server.setInstallSnapshotRequestTimeout(
        p, TimeDuration.valueOf(2_500, TimeUnit.MILLISECONDS));
  }

  private static void requests(RaftProperties p, RaftTuning tuning) {
    RaftServerConfigKeys.Write.setElementLimit(p, tuning.pendingEntries());
    RaftServerConfigKeys.Write.setByteLimit(p, SizeInBytes.valueOf(tuning.pendingBytes()));
    RaftServerConfigKeys.Read.setOption(p, RaftServerConfigKeys.Read.Option.LINEARIZABLE);
    RaftServerConfigKeys.Read.setTimeout(p, millis(tuning.readTimeout()));
    // A lease would trust the nodes' clocks to run at the same rate.
    RaftServerConfigKeys.Read.setLeaderLeaseEnabled(p, false);
    RaftServerConfigKeys.RetryCache.setExpiryTime(p, millis(tuning.retryCacheExpiry()));
    RaftServerConfigKeys.RetryCache.setStatisticsExpiryTime(p, millis(Duration.ofSeconds(1)));
  }

  static TimeDuration millis(Duration duration) {
    return TimeDuration.valueOf(duration.toMillis(), TimeUnit.MILLISECONDS);
  }
}
