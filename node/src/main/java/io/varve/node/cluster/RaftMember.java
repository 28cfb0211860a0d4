package io.varve.node.cluster;

import com.google.protobuf.ByteString;
import io.varve.node.cluster.PendingEntries.Pending;
import io.varve.node.cluster.Replicator.NotAppendedException;
import io.varve.node.metrics.Samples;
import io.varve.proto.v1.MemberRole;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.ratis.Halt;
import io.varve.statemachine.ratis.RatisSnapshots;
import io.varve.statemachine.ratis.SnapshotPolicy;
import io.varve.statemachine.ratis.VarveStateMachine;
import io.varve.statemachine.snapshot.LiveStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientAsynchronousProtocol;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;

/** This node's running Raft server. Thread-safe. */
final class RaftMember implements AutoCloseable {

  private final ClusterConfig config;
  private final PendingEntries pending;
  private final LogAppenders appenders;
  private final VarveStateMachine stateMachine;
  private final RaftGroupId groupId;
  private final RaftServer server;
  private final RaftServer.Division division;
  private final RatisFigures figures;
  private final RaftClientAsynchronousProtocol requests;

  private RaftMember(
      ClusterConfig config,
      PendingEntries pending,
      LogAppenders appenders,
      VarveStateMachine stateMachine,
      RaftGroupId groupId,
      RaftServer server)
      throws IOException {
    this.config = config;
    this.pending = pending;
    this.appenders = appenders;
    this.stateMachine = stateMachine;
    this.groupId = groupId;
    this.server = server;
    this.division = server.getDivision(groupId);
    this.figures = new RatisFigures(division.getMemberId());
    // The division takes requests on the caller's thread. The server's own entry point would hand
    // each to a pool and wait for it.
    this.requests = (RaftClientAsynchronousProtocol) division;
  }

  /**
   * Starts the server on a storage that exists.
   *
   * @param votes whether this node starts as a voter, unless the storage knows better, or as a
   *     listener
   */
  static RaftMember start(
      ClusterConfig config,
      UUID clusterId,
      boolean votes,
      LiveStore store,
      PendingEntries pending,
      Halt halt) {
    LogAppenders appenders = new LogAppenders();
    VarveStateMachine stateMachine =
        new VarveStateMachine(
            store,
            pending,
            halt,
            new SnapshotPolicy(
                config.tuning().snapshotLogBytes(), config.tuning().snapshotsKept()));
    RaftGroupId groupId = RaftGroupId.valueOf(clusterId);
    List<RaftPeer> peers = new ArrayList<>();
    for (MemberConfig member : config.members()) {
      boolean listens = member.id().equals(config.nodeId()) && !votes;
      peers.add(peer(member, listens ? RaftPeerRole.LISTENER : RaftPeerRole.FOLLOWER));
    }
    try {
      RaftServer server =
          RaftServer.newBuilder()
              .setServerId(RaftPeerId.valueOf(config.nodeId()))
              .setGroup(RaftGroup.valueOf(groupId, peers))
              .setProperties(RaftProps.of(config))
              .setParameters(TrackingRpcType.parameters(appenders))
              .setOption(RaftStorage.StartupOption.RECOVER)
              .setStateMachineRegistry(
                  id -> {
                    if (!id.equals(groupId)) {
                      throw new IllegalArgumentException(
                          "the Raft directory holds another cluster: " + id);
                    }
                    return stateMachine;
                  })
              .build();
      try {
        server.start();
        return new RaftMember(config, pending, appenders, stateMachine, groupId, server);
      } catch (IOException | RuntimeException e) {
        server.close();
        throw e;
      }
    } catch (IOException e) {
      throw new IllegalStateException("cannot start the Raft server: " + e, e);
    }
  }

  static RaftPeer peer(MemberConfig member, RaftPeerRole startupRole) {
    // Equal priorities: a node that returns does not pull leadership back.
    return RaftPeer.newBuilder()
        .setId(member.id())
        .setAddress(member.peerAddress())
        .setStartupRole(startupRole)
        .build();
  }

  boolean leads() {
    return division.getInfo().isLeader() && division.getInfo().isLeaderReady();
  }

  Optional<String> leader() {
    return Optional.ofNullable(division.getInfo().getLeaderId()).map(RaftPeerId::toString);
  }

  long term() {
    return division.getInfo().getCurrentTerm();
  }

  /** The newest Raft index applied here. */
  long appliedIndex() {
    return division.getInfo().getLastAppliedIndex();
  }

  /** The newest entry known to be committed. */
  long commitIndex() {
    return Math.max(0, division.getRaftLog().getLastCommittedIndex());
  }

  /** The newest entry in the log. */
  long lastIndex() {
    TermIndex last = division.getRaftLog().getLastEntryTermIndex();
    return last == null ? 0 : last.getIndex();
  }

  /**
   * By how many entries each follower lags behind this log; empty where this node does not lead.
   */
  Samples peerLags() {
    Samples samples = new Samples();
    long last = lastIndex();
    appenders.forEach(
        follower ->
            samples.add(
                Math.max(0, last - follower.getMatchIndex()),
                "peer",
                follower.getPeer().getId().toString()));
    return samples;
  }

  /** How many seconds ago each follower answered; empty where this node does not lead. */
  Samples peerSilences() {
    Samples samples = new Samples();
    appenders.forEach(
        follower ->
            samples.add(
                follower.getLastRpcResponseTime().elapsedTimeMs() / 1e3,
                "peer",
                follower.getPeer().getId().toString()));
    return samples;
  }

  /** What Ratis measures. */
  RatisFigures figures() {
    return figures;
  }

  boolean isAlive() {
    return division.getInfo().isAlive();
  }

  /** How many snapshots this node was sent and has adopted. */
  long snapshotsInstalled() {
    return stateMachine.snapshotsInstalled();
  }

  RatisSnapshots snapshots() {
    return stateMachine.snapshots();
  }

  MemberRole role() {
    return switch (division.getInfo().getCurrentRole()) {
      case LEADER -> MemberRole.MEMBER_ROLE_LEADER;
      case CANDIDATE -> MemberRole.MEMBER_ROLE_CANDIDATE;
      case FOLLOWER -> MemberRole.MEMBER_ROLE_FOLLOWER;
      case LISTENER -> MemberRole.MEMBER_ROLE_LISTENER;
      case UNRECOGNIZED -> MemberRole.MEMBER_ROLE_UNSPECIFIED;
    };
  }

  RaftConfiguration configuration() {
    return division.getRaftConf();
  }

  /** Hands over an entry; see {@link Replicator#replicate}. */
  CompletableFuture<List<Outcome>> replicate(ByteString command) {
    if (command.size() > config.tuning().entryBytes() - 1024) {
      return CompletableFuture.failedFuture(
          new NotAppendedException(
              "the entry has "
                  + command.size()
                  + " bytes; the limit (entryBytes) is "
                  + config.tuning().entryBytes()));
    }
    Pending entry = pending.add();
    RaftClientRequest request =
        RaftClientRequest.newBuilder()
            .setClientId(pending.clientId())
            .setServerId(division.getId())
            .setGroupId(groupId)
            .setCallId(entry.callId())
            .setMessage(
                Message.valueOf(UnsafeByteOperations.unsafeWrap(command.asReadOnlyByteBuffer())))
            .setType(RaftClientRequest.writeRequestType())
            .build();
    CompletableFuture<RaftClientReply> reply;
    try {
      reply = requests.submitClientRequestAsync(request);
    } catch (IOException | RuntimeException e) {
      pending.fail(entry, e);
      return entry.future();
    }
    var unused =
        reply.whenComplete(
            (answer, e) -> {
              Throwable cause = e != null ? e : answer.getException();
              if (cause == null && !entry.future().isDone()) {
                cause = new IllegalStateException("Ratis answered without applying the entry here");
              }
              if (cause != null) {
                pending.fail(entry, cause);
              }
            });
    return entry.future();
  }

  /**
   * A read index: the commit index at the time of the call, once a majority has confirmed that this
   * node led after that. Fails at once where it does not lead, and in the time of an election when
   * no majority answers.
   *
   * <p>Not Ratis's own: that one answers at once if the same index was ever confirmed before, so
   * that a leader that was cut off, or stopped for a while, and was replaced meanwhile serves what
   * is no longer the newest.
   */
  CompletableFuture<Long> readIndex() {
    if (!leads()) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("not the leader; it is " + leader().orElse("not known")));
    }
    long term = term();
    long index = division.getRaftLog().getLastCommittedIndex();
    return appenders
        .confirm(term, this::isMajority, config.tuning().electionTimeoutMin())
        .thenApply(
            nothing -> {
              // It led in that term before the index was read, and a majority knows of no later
              // one.
              if (term() != term) {
                throw new IllegalStateException("the term has changed");
              }
              return index;
            });
  }

  /**
   * Whether these followers, with this node, are a majority of the voters, before and after any
   * change.
   */
  private boolean isMajority(Set<String> followers) {
    RaftConfiguration conf = configuration();
    return isMajority(conf.getCurrentPeers(), followers)
        && isMajority(conf.getPreviousPeers(), followers);
  }

  private boolean isMajority(Collection<RaftPeer> voters, Set<String> followers) {
    if (voters.isEmpty()) {
      return true;
    }
    long agreed =
        voters.stream()
            .map(peer -> peer.getId().toString())
            .filter(id -> id.equals(config.nodeId()) || followers.contains(id))
            .count();
    return agreed > voters.size() / 2;
  }

  void announceCommit() {
    appenders.announceCommit();
  }

  /** Replaces the configuration, if it is still the given one. */
  CompletableFuture<RaftClientReply> setConfiguration(
      List<RaftPeer> currentVoters,
      List<RaftPeer> currentListeners,
      List<RaftPeer> voters,
      List<RaftPeer> listeners) {
    SetConfigurationRequest request =
        new SetConfigurationRequest(
            pending.clientId(),
            division.getId(),
            groupId,
            pending.nextCallId(),
            SetConfigurationRequest.Arguments.newBuilder()
                .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
                .setServersInCurrentConf(currentVoters)
                .setListenersInCurrentConf(currentListeners)
                .setServersInNewConf(voters)
                .setListenersInNewConf(listeners)
                .build());
    try {
      return server.setConfigurationAsync(request);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new IllegalStateException("cannot close the Raft server", e);
    }
  }
}
