package io.varve.node.cluster;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the leader does to bring a node with an empty disk back: forget it, take it in as a
 * listener, let it vote. Every step may be repeated, on this leader or another. Blocks its caller;
 * one step at a time.
 */
final class Membership {

  private static final Logger LOG = LoggerFactory.getLogger(Membership.class);

  /** A step that takes longer goes on by itself; the node that asked asks again. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final ClusterConfig config;
  private final RaftMember raft;
  private final ReadIndexes reads;

  Membership(ClusterConfig config, RaftMember raft, ReadIndexes reads) {
    this.config = config;
    this.raft = raft;
    this.reads = reads;
  }

  /**
   * Removes a node from the voters and the listeners. As long as it was a voter, the leader held
   * what it once acknowledged against it, and could send it nothing it believed it to have.
   */
  void forget(String id) {
    requireLeader();
    RaftConfiguration conf = raft.configuration();
    if (isVoter(conf, id) || isListener(conf, id)) {
      LOG.warn("{} has lost its disk: it neither votes nor listens until it has caught up", id);
      change(conf, without(voters(conf), id), without(listeners(conf), id));
    }
  }

  /**
   * Takes a forgotten node in as a listener.
   *
   * @return the Raft index it must have applied before it may vote
   */
  long listen(String id) {
    requireLeader();
    RaftConfiguration conf = raft.configuration();
    if (!isVoter(conf, id) && !isListener(conf, id)) {
      MemberConfig member =
          config
              .member(id)
              .orElseThrow(
                  () ->
                      Status.FAILED_PRECONDITION
                          .withDescription(id + " is not among the members configured here")
                          .asRuntimeException());
      requireSnapshotPast(conf.getLogEntryIndex());
      List<RaftPeer> listeners = new ArrayList<>(listeners(conf));
      listeners.add(RaftMember.peer(member, RaftPeerRole.LISTENER));
      change(conf, voters(conf), listeners);
      LOG.info("{} listens", id);
    }
    return await(reads.asLeader(), "take a read index");
  }

  /** Lets a listener vote that has applied the given index. */
  void promote(String id, long appliedIndex) {
    requireLeader();
    RaftConfiguration conf = raft.configuration();
    if (isVoter(conf, id)) {
      return;
    }
    if (!isListener(conf, id)) {
      throw Status.FAILED_PRECONDITION
          .withDescription(id + " is not a listener")
          .asRuntimeException();
    }
    if (appliedIndex < conf.getLogEntryIndex()) {
      throw Status.FAILED_PRECONDITION
          .withDescription(
              id
                  + " has applied "
                  + appliedIndex
                  + ", less than the index at which it became a listener, "
                  + conf.getLogEntryIndex())
          .asRuntimeException();
    }
    List<RaftPeer> voters = new ArrayList<>(voters(conf));
    voters.add(
        RaftPeer.newBuilder(conf.getPeer(RaftPeerId.valueOf(id), RaftPeerRole.LISTENER))
            .setStartupRole(RaftPeerRole.FOLLOWER)
            .build());
    change(conf, voters, without(listeners(conf), id));
    LOG.info("{} votes again", id);
  }

  /**
   * A listener starts with the newest snapshot. It must hold the configuration that forgot the
   * node: were the node sent the log from before, it would meet the configurations in which it
   * voted, and take itself for a voter again while it is still behind.
   */
  private void requireSnapshotPast(long index) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (raft.snapshots().newest().filter(snapshot -> snapshot.index() >= index).isEmpty()) {
      if (System.nanoTime() - deadline > 0) {
        throw Status.UNAVAILABLE
            .withDescription("waiting for a snapshot at or after index " + index)
            .asRuntimeException();
      }
      raft.snapshots().request();
      try {
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Status.CANCELLED.withCause(e).asRuntimeException();
      }
    }
  }

  private void change(RaftConfiguration conf, List<RaftPeer> voters, List<RaftPeer> listeners) {
    CompletableFuture<RaftClientReply> reply =
        raft.setConfiguration(voters(conf), listeners(conf), voters, listeners);
    RaftClientReply answer = await(reply, "change the configuration");
    if (!answer.isSuccess()) {
      throw Status.UNAVAILABLE
          .withDescription("cannot change the configuration: " + answer.getException())
          .asRuntimeException();
    }
  }

  private static <T> T await(CompletableFuture<T> future, String what) {
    try {
      return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw unavailable("it takes long to " + what, e);
    } catch (ExecutionException e) {
      throw unavailable("cannot " + what + ": " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable("interrupted", e);
    }
  }

  private static StatusRuntimeException unavailable(String description, Exception cause) {
    return Status.UNAVAILABLE.withDescription(description).withCause(cause).asRuntimeException();
  }

  private void requireLeader() {
    if (!raft.leads()) {
      throw Status.FAILED_PRECONDITION
          .withDescription("not the leader; it is " + raft.leader().orElse("not known"))
          .asRuntimeException();
    }
  }

  private static List<RaftPeer> voters(RaftConfiguration conf) {
    return List.copyOf(conf.getCurrentPeers(RaftPeerRole.FOLLOWER));
  }

  private static List<RaftPeer> listeners(RaftConfiguration conf) {
    return List.copyOf(conf.getCurrentPeers(RaftPeerRole.LISTENER));
  }

  private static List<RaftPeer> without(List<RaftPeer> peers, String id) {
    return peers.stream().filter(peer -> !peer.getId().toString().equals(id)).toList();
  }

  static boolean isVoter(RaftConfiguration conf, String id) {
    return voters(conf).stream().anyMatch(peer -> peer.getId().toString().equals(id));
  }

  static boolean isListener(RaftConfiguration conf, String id) {
    return listeners(conf).stream().anyMatch(peer -> peer.getId().toString().equals(id));
  }
}
