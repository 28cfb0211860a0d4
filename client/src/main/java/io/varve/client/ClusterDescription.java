package io.varve.client;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * The cluster as one of its nodes sees it.
 *
 * @param clusterId the cluster's id; empty while it is not founded
 * @param logIdentity the identity of the default log; empty while the cluster is not founded
 * @param nodeId the answering node's id
 * @param leaderId the leader's node id, if the answering node knows one
 * @param term the current Raft term
 * @param members all members
 */
public record ClusterDescription(
    Optional<UUID> clusterId,
    Optional<UUID> logIdentity,
    String nodeId,
    Optional<String> leaderId,
    long term,
    List<Member> members) {

  public ClusterDescription {
    Objects.requireNonNull(clusterId, "clusterId");
    Objects.requireNonNull(logIdentity, "logIdentity");
    Objects.requireNonNull(nodeId, "nodeId");
    Objects.requireNonNull(leaderId, "leaderId");
    members = List.copyOf(members);
  }

  /**
   * One node.
   *
   * @param id its node id
   * @param clientAddress where clients reach it, HOST:PORT
   * @param peerAddress where its peers reach it, HOST:PORT
   * @param role what it does
   * @param reachable whether it answered the answering node just now
   * @param head the newest position it has applied; 0 also when it did not answer
   * @param appliedIndex the newest Raft index it has applied
   */
  public record Member(
      String id,
      String clientAddress,
      String peerAddress,
      Role role,
      boolean reachable,
      long head,
      long appliedIndex) {
    public Member {
      Objects.requireNonNull(id, "id");
      Objects.requireNonNull(clientAddress, "clientAddress");
      Objects.requireNonNull(peerAddress, "peerAddress");
      Objects.requireNonNull(role, "role");
    }
  }

  /** What a member does. */
  public enum Role {
    /** Not known: the member did not answer. */
    UNKNOWN,
    /** It orders appends. */
    LEADER,
    /** It votes and follows. */
    FOLLOWER,
    /** It votes and seeks to become the leader. */
    CANDIDATE,
    /** It follows without a vote: it is catching up. */
    LISTENER,
    /** Its disk is empty and it waits to be founded or to join. */
    WAITING
  }
}
