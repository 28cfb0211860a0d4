package io.varve.node.cluster;

import com.codahale.metrics.Histogram;
import io.varve.node.metrics.MetricType;
import io.varve.node.metrics.Metrics;
import io.varve.node.metrics.Samples;
import io.varve.proto.v1.MemberRole;
import io.varve.statemachine.LogReader;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** This node's place in its Raft group. Read when asked for; nothing blocks. */
final class ClusterMetrics {

  private static final String ROLE_PREFIX = "MEMBER_ROLE_";

  private final Supplier<Optional<RaftMember>> raft;
  private final Supplier<MemberRole> role;

  private ClusterMetrics(Supplier<Optional<RaftMember>> raft, Supplier<MemberRole> role) {
    this.raft = raft;
    this.role = role;
  }

  static void register(
      Metrics metrics,
      LogReader reader,
      PendingEntries pending,
      Supplier<Optional<RaftMember>> raft,
      Supplier<MemberRole> role) {
    ClusterMetrics cluster = new ClusterMetrics(raft, role);
    cluster.place(metrics);
    cluster.progress(metrics, reader, pending);
    cluster.peers(metrics);
    cluster.ratis(metrics);
    cluster.snapshots(metrics);
  }

  /** How long applying an entry takes, whatever the node's role. */
  static Histogram applyTime(Metrics metrics) {
    return metrics.durations(
        "varve_apply_seconds", "How long deciding and writing an entry took on this node.");
  }

  /** How long it takes to learn that a read is linearizable. */
  static Histogram readIndexTime(Metrics metrics) {
    return metrics.durations(
        "varve_read_index_seconds",
        "From asking for a read index until it was applied here; reads share rounds.");
  }

  private void place(Metrics metrics) {
    metrics.samples(
        "varve_raft_role",
        MetricType.GAUGE,
        "1 for the role this node has, 0 for the others.",
        () -> {
          MemberRole now = role.get();
          Samples samples = new Samples();
          for (MemberRole any : MemberRole.values()) {
            if (any != MemberRole.MEMBER_ROLE_UNSPECIFIED && any != MemberRole.UNRECOGNIZED) {
              samples.add(any == now ? 1 : 0, "role", text(any));
            }
          }
          return samples;
        });
    gauge(metrics, "varve_raft_term", "The Raft term this node is in.", RaftMember::term);
    gauge(
        metrics,
        "varve_raft_leader_known",
        "1 while this node knows a leader.",
        member -> member.leader().isPresent() ? 1 : 0);
    gauge(
        metrics,
        "varve_raft_voters",
        "Members that vote, as this node knows it.",
        member -> member.configuration().getCurrentPeers().size());
  }

  private void progress(Metrics metrics, LogReader reader, PendingEntries pending) {
    metrics.gauge("varve_log_head_position", "The newest position this node has.", reader::head);
    gauge(
        metrics,
        "varve_raft_last_index",
        "The newest entry in this node's Raft log.",
        RaftMember::lastIndex);
    gauge(
        metrics,
        "varve_raft_commit_index",
        "The newest entry this node knows to be committed.",
        RaftMember::commitIndex);
    metrics.gauge(
        "varve_raft_applied_index",
        "The newest entry this node has applied.",
        () -> Math.max(0, reader.appliedIndex()));
    gauge(
        metrics,
        "varve_raft_apply_lag_entries",
        "Entries that are committed and not yet applied here.",
        member -> Math.max(0, member.commitIndex() - member.appliedIndex()));
    metrics.gauge(
        "varve_raft_pending_entries",
        "Entries this process has given to Raft and not heard of yet.",
        pending::size);
  }

  private void peers(Metrics metrics) {
    metrics.samples(
        "varve_raft_peer_lag_entries",
        MetricType.GAUGE,
        "On the leader: entries of its log that a peer is not known to have.",
        () -> ofPeers(RaftMember::peerLags));
    metrics.samples(
        "varve_raft_peer_silence_seconds",
        MetricType.GAUGE,
        "On the leader: how long ago a peer last answered.",
        () -> ofPeers(RaftMember::peerSilences));
  }

  private Samples ofPeers(Function<RaftMember, Samples> figures) {
    return raft.get().map(figures).orElseGet(Samples::new);
  }

  private void ratis(Metrics metrics) {
    counted(
        metrics,
        "varve_raft_elections_total",
        "Elections this node stood in to the end.",
        RatisFigures::elections);
    counted(
        metrics,
        "varve_raft_election_timeouts_total",
        "Elections of this node that ended without a majority's answer.",
        RatisFigures::electionTimeouts);
    counted(
        metrics,
        "varve_raft_log_syncs_total",
        "How often the Raft log was written to the disk for good.",
        RatisFigures::logSyncs);
    metrics.samples(
        "varve_raft_log_sync_p50_seconds",
        MetricType.GAUGE,
        "Half of the recent syncs of the Raft log took no longer.",
        () -> ofPeers(member -> member.figures().logSyncSeconds(0.5)));
    metrics.samples(
        "varve_raft_log_sync_p99_seconds",
        MetricType.GAUGE,
        "99 in 100 of the recent syncs of the Raft log took no longer.",
        () -> ofPeers(member -> member.figures().logSyncSeconds(0.99)));
  }

  private void snapshots(Metrics metrics) {
    gauge(
        metrics,
        "varve_snapshot_newest_index",
        "Up to which entry the newest snapshot goes; 0 = there is none.",
        member ->
            member.snapshots().newest().map(snapshot -> Math.max(0, snapshot.index())).orElse(0L));
    metrics.samples(
        "varve_snapshots_taken_total",
        MetricType.COUNTER,
        "Snapshots taken.",
        () -> ofPeers(member -> new Samples().add(member.snapshots().taken())));
    metrics.samples(
        "varve_snapshots_installed_total",
        MetricType.COUNTER,
        "Snapshots this node was sent and has adopted because it lagged too far behind.",
        () -> ofPeers(member -> new Samples().add(member.snapshotsInstalled())));
    gauge(
        metrics,
        "varve_snapshot_hold_max_seconds",
        "The longest that apply was held while a snapshot was taken.",
        member -> member.snapshots().maxHoldNanos() / 1e9);
  }

  private void gauge(
      Metrics metrics, String name, String help, Function<RaftMember, Number> figure) {
    metrics.samples(
        name,
        MetricType.GAUGE,
        help,
        () -> ofPeers(member -> new Samples().add(figure.apply(member))));
  }

  private void counted(
      Metrics metrics, String name, String help, Function<RatisFigures, Samples> figure) {
    metrics.samples(
        name, MetricType.COUNTER, help, () -> ofPeers(member -> figure.apply(member.figures())));
  }

  private static String text(MemberRole role) {
    return role.name().substring(ROLE_PREFIX.length()).toLowerCase(Locale.ROOT);
  }
}
