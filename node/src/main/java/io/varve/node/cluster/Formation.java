package io.varve.node.cluster;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.varve.node.cluster.NodeIdentity.Stage;
import io.varve.node.cluster.Peers.PeerException;
import io.varve.proto.peer.v1.FoundRequest;
import io.varve.proto.peer.v1.JoinRequest;
import io.varve.proto.peer.v1.JoinResponse;
import io.varve.proto.peer.v1.ProbeResponse;
import io.varve.proto.peer.v1.PromoteRequest;
import io.varve.proto.peer.v1.ReadIndexRequest;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.replicated.v1.Founding;
import io.varve.proto.v1.MemberRole;
import io.varve.statemachine.ratis.Halt;
import io.varve.statemachine.snapshot.LiveStore;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a node into its cluster, in the background: founds it, resumes, or finds its way back
 * after a lost disk; then keeps an eye on it.
 *
 * <p>An empty directory never votes outside the founding. Before a node takes any step, the step's
 * entitlement is durable in its {@link NodeIdentity}, so that a kill between any two resumes
 * rightly.
 */
final class Formation {

  private static final Logger LOG = LoggerFactory.getLogger(Formation.class);
  private static final Duration PROBE_DEADLINE = Duration.ofSeconds(1);
  private static final Duration STEP_DEADLINE = Duration.ofSeconds(15);
  private static final long RETRY_MILLIS = 200;
  private static final long WATCH_MILLIS = 20;

  /** How often a voter that does not catch up asks whether it is among strangers. */
  private static final long FOREIGN_MILLIS = 5_000;

  private final ClusterConfig config;
  private final LiveStore store;
  private final PendingEntries pending;
  private final Peers peers;
  private final Halt halt;
  private final ReadIndexes reads;
  private final SecureRandom random = new SecureRandom();
  private final Thread thread;

  /** Guards the identity and the waking of the thread. */
  private final Object lock = new Object();

  private volatile @Nullable NodeIdentity identity;
  private volatile @Nullable RaftMember raft;
  private volatile @Nullable Membership membership;
  private volatile boolean founded;
  private volatile boolean caughtUp;
  private volatile boolean closed;
  private boolean woken;
  private volatile String reported = "";

  Formation(
      ClusterConfig config,
      Optional<NodeIdentity> identity,
      LiveStore store,
      PendingEntries pending,
      Peers peers,
      ReadIndexes reads,
      Halt halt) {
    this.config = config;
    this.identity = identity.orElse(null);
    this.store = store;
    this.pending = pending;
    this.peers = peers;
    this.reads = reads;
    this.halt = halt;
    this.thread = new Thread(this::run, "varve-formation-" + config.nodeId());
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  Optional<RaftMember> raft() {
    return Optional.ofNullable(raft);
  }

  Optional<NodeIdentity> identity() {
    return Optional.ofNullable(identity);
  }

  /** Whether the log's founding command was applied here. */
  boolean founded() {
    if (!founded) {
      founded = !store.reader().logIdentity().isEmpty();
    }
    return founded;
  }

  /** Whether this node votes, the log is founded, and a read index was once applied here. */
  boolean caughtUp() {
    return caughtUp;
  }

  /** What a node that has not caught up is waiting for. */
  String waitsFor() {
    NodeIdentity now = identity;
    if (now == null || raft == null) {
      String why = reported;
      return "it takes no part in a cluster yet" + (why.isEmpty() ? "" : ": " + why);
    }
    if (now.stage() != Stage.VOTER) {
      return "it does not vote yet: it is catching up from its peers";
    }
    if (store.reader().logIdentity().isEmpty()) {
      return "the log is not founded yet";
    }
    return "it has not caught up yet: it waits for a read index of the leader";
  }

  private void run() {
    try {
      while (!closed) {
        NodeIdentity now = identity;
        if (now == null) {
          seekCluster();
        } else {
          switch (now.stage()) {
            case FOUNDING -> takePartInFounding(now);
            case VOTER, LISTENER -> resume(now);
            case JOINING -> beginListening(now);
          }
        }
      }
    } catch (InterruptedException e) {
      if (!closed) {
        halt.halt("the node's formation was interrupted", e);
      }
    } catch (RuntimeException | Error e) {
      if (!closed) {
        halt.halt("the node cannot take its place in the cluster", e);
      }
    }
  }

  // No identity yet.

  private void seekCluster() throws InterruptedException {
    Map<String, ProbeResponse> answers = peers.probe(PROBE_DEADLINE);
    Map<ByteString, String> clusters = new HashMap<>();
    answers.forEach(
        (id, answer) -> {
          if (!answer.getClusterId().isEmpty()) {
            clusters.put(answer.getClusterId(), id);
          }
        });
    if (clusters.size() > 1) {
      report("the peers belong to different clusters, not joining any: " + clusters.values());
    } else if (clusters.size() == 1) {
      rejoin(NodeIdentity.uuid(clusters.keySet().iterator().next()), answers);
      return;
    } else if (config.founder().equals(config.nodeId())
        && answers.size() == config.others().size()
        && answers.values().stream().allMatch(ProbeResponse::getEmpty)) {
      UUID clusterId = randomId();
      Founding founding =
          Founding.newBuilder()
              .setLogIdentity(NodeIdentity.bytes(randomId()))
              .setLog(config.founding().log())
              .setDedupWindow(config.founding().dedupWindow())
              .setScopeStepLimit(config.founding().scopeStepLimit())
              .build();
      become(
          null,
          new NodeIdentity(
              config.nodeId(),
              clusterId,
              Stage.FOUNDING,
              config.memberIds(),
              Optional.of(founding)));
      LOG.info("founding cluster {} with voters {}", clusterId, config.memberIds());
      return;
    }
    pause(RETRY_MILLIS);
  }

  private UUID randomId() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  /** The peers have a history and this node has none: it must be forgotten before it takes part. */
  private void rejoin(UUID clusterId, Map<String, ProbeResponse> answers)
      throws InterruptedException {
    Optional<String> leader = leaderOf(answers, NodeIdentity.bytes(clusterId));
    if (leader.isEmpty()) {
      report("waiting: no leader of cluster " + clusterId + " that could take this node in");
      pause(RETRY_MILLIS);
      return;
    }
    try {
      peers.join(leader.get(), joinRequest(clusterId, true), STEP_DEADLINE);
    } catch (PeerException e) {
      report(leader.get() + " cannot take this node in yet: " + e.getMessage());
      pause(RETRY_MILLIS);
      return;
    }
    NodeIdentity before = identity;
    if (before == null || before.clusterId().equals(clusterId)) {
      become(
          before,
          new NodeIdentity(config.nodeId(), clusterId, Stage.JOINING, List.of(), Optional.empty()));
      LOG.info("cluster {} has forgotten this node; it joins as a listener", clusterId);
    }
  }

  private JoinRequest joinRequest(UUID clusterId, boolean diskEmpty) {
    return JoinRequest.newBuilder()
        .setNodeId(config.nodeId())
        .setClusterId(NodeIdentity.bytes(clusterId))
        .setPeerAddress(config.self().peerAddress())
        .setClientAddress(config.self().clientAddress())
        .setDiskEmpty(diskEmpty)
        .build();
  }

  private Optional<String> leaderOf(Map<String, ProbeResponse> answers, ByteString clusterId) {
    return answers.values().stream()
        .filter(answer -> answer.getClusterId().equals(clusterId))
        .filter(answer -> answer.getRole() == MemberRole.MEMBER_ROLE_LEADER)
        .max((a, b) -> Long.compare(a.getTerm(), b.getTerm()))
        .map(ProbeResponse::getNodeId);
  }

  // Founding.

  private void takePartInFounding(NodeIdentity now) throws InterruptedException {
    if (config.founder().equals(config.nodeId())) {
      FoundRequest request =
          FoundRequest.newBuilder()
              .setClusterId(now.clusterIdBytes())
              .addAllVoters(now.voters())
              .setFounding(now.founding().orElseThrow())
              .setFrom(config.nodeId())
              .build();
      for (MemberConfig member : config.others()) {
        try {
          peers.found(member.id(), request, STEP_DEADLINE);
        } catch (PeerException e) {
          report(member.id() + " has not taken part in the founding yet: " + e.getMessage());
          pause(RETRY_MILLIS);
          return;
        }
      }
    }
    new RaftStorageFiles(config.raftDirectory(), now.clusterId()).format();
    become(now, now.at(Stage.VOTER));
  }

  /** A peer's part in the founding; answered once it is durable here. */
  void found(FoundRequest request) {
    UUID clusterId = NodeIdentity.uuid(request.getClusterId());
    synchronized (lock) {
      NodeIdentity now = identity;
      if (now != null) {
        if (now.clusterId().equals(clusterId)) {
          return;
        }
        throw Status.FAILED_PRECONDITION
            .withDescription(config.nodeId() + " belongs to cluster " + now.clusterId())
            .asRuntimeException();
      }
      if (!request.getFrom().equals(config.founder())) {
        throw Status.FAILED_PRECONDITION
            .withDescription("the founder is " + config.founder() + ", not " + request.getFrom())
            .asRuntimeException();
      }
      if (!request.getVotersList().equals(config.memberIds())) {
        throw Status.FAILED_PRECONDITION
            .withDescription(
                "configured here are "
                    + config.memberIds()
                    + ", but the founding is of "
                    + request.getVotersList())
            .asRuntimeException();
      }
      become(
          null,
          new NodeIdentity(
              config.nodeId(),
              clusterId,
              Stage.FOUNDING,
              request.getVotersList(),
              Optional.of(request.getFounding())));
    }
    LOG.info("taking part in the founding of cluster {}", clusterId);
  }

  // Taking part.

  private void resume(NodeIdentity now) throws InterruptedException {
    RaftStorageFiles files = new RaftStorageFiles(config.raftDirectory(), now.clusterId());
    // A listener's log begins anew, behind what its store may still hold.
    long storeIndex = now.stage() == Stage.VOTER ? store.core().appliedIndex() : -1;
    Optional<String> damage = files.damage(storeIndex);
    if (damage.isPresent()) {
      report(
          "this node's disk is lost, it does not vote until it has caught up from its peers: "
              + damage.get());
      Map<String, ProbeResponse> answers = peers.probe(PROBE_DEADLINE);
      rejoin(now.clusterId(), answers);
      return;
    }
    refuseForeignPeers(now);
    boolean votes = now.stage() == Stage.VOTER;
    RaftMember started = RaftMember.start(config, now.clusterId(), votes, store, pending, halt);
    reads.member(now.clusterIdBytes(), started);
    raft = started;
    membership = new Membership(config, started, reads);
    if (votes) {
      watch(started, now);
    } else {
      catchUp(started, now);
    }
  }

  private void beginListening(NodeIdentity now) {
    new RaftStorageFiles(config.raftDirectory(), now.clusterId()).format();
    become(now, now.at(Stage.LISTENER));
  }

  /** A listener's way to its vote. */
  private void catchUp(RaftMember started, NodeIdentity now) throws InterruptedException {
    while (!closed && started.isAlive()) {
      if (tryPromotion(started, now)) {
        become(now, now.at(Stage.VOTER));
        LOG.info("caught up; this node votes");
        watch(started, now.at(Stage.VOTER));
        return;
      }
      pause(RETRY_MILLIS);
    }
    restartOrHalt(started);
  }

  private boolean tryPromotion(RaftMember started, NodeIdentity now) throws InterruptedException {
    Map<String, ProbeResponse> answers = peers.probe(PROBE_DEADLINE);
    Optional<String> leader = leaderOf(answers, now.clusterIdBytes());
    if (leader.isEmpty()) {
      return false;
    }
    try {
      JoinResponse joined =
          peers.join(leader.get(), joinRequest(now.clusterId(), false), STEP_DEADLINE);
      while (!closed && started.isAlive() && started.appliedIndex() < joined.getReadIndex()) {
        pause(WATCH_MILLIS);
      }
      if (closed || !started.isAlive()) {
        return false;
      }
      peers.promote(
          leader.get(),
          PromoteRequest.newBuilder()
              .setNodeId(config.nodeId())
              .setAppliedIndex(started.appliedIndex())
              .build(),
          STEP_DEADLINE);
      return true;
    } catch (PeerException e) {
      report("catching up: " + e.getMessage());
      return false;
    }
  }

  /** A voter's life: founds the log if this node leads and it is not founded. */
  private void watch(RaftMember started, NodeIdentity now) throws InterruptedException {
    long askedNanos = System.nanoTime();
    while (!closed && started.isAlive()) {
      if (!founded() && started.leads() && now.founding().isPresent()) {
        foundLog(started, now.founding().get());
      }
      if (!caughtUp && founded()) {
        awaitReadIndex();
      }
      // Its peers may not have answered when it started; among strangers it never catches up.
      if (!caughtUp
          && System.nanoTime() - askedNanos > TimeUnit.MILLISECONDS.toNanos(FOREIGN_MILLIS)) {
        refuseForeignPeers(now);
        askedNanos = System.nanoTime();
      }
      pause(caughtUp ? RETRY_MILLIS : WATCH_MILLIS);
    }
    restartOrHalt(started);
  }

  private void foundLog(RaftMember started, Founding founding) throws InterruptedException {
    Command command = Command.newBuilder().setFormat(1).setFounding(founding).build();
    try {
      started
          .replicate(command.toByteString())
          .get(STEP_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
      LOG.info("the log is founded");
    } catch (ExecutionException | TimeoutException e) {
      LOG.info("the log is not founded yet: {}", e.toString());
    }
  }

  private void awaitReadIndex() throws InterruptedException {
    try {
      reads.barrier().get(STEP_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
      caughtUp = true;
    } catch (ExecutionException | TimeoutException | CompletionException e) {
      LOG.debug("not caught up yet", e);
    }
  }

  /**
   * Ratis closes a server that finds itself outside the configuration, as a listener may that
   * missed a change. It simply starts again; a voter's Raft server must not end by itself.
   */
  private void restartOrHalt(RaftMember ended) throws InterruptedException {
    if (closed) {
      return;
    }
    NodeIdentity now = identity;
    raft = null;
    membership = null;
    reads.noMember();
    ended.close();
    if (now != null && now.stage() == Stage.LISTENER) {
      LOG.warn("the Raft server has ended while catching up; starting it again");
      pause(RETRY_MILLIS);
      return;
    }
    closed = true;
    halt.halt(
        "the Raft server has ended by itself", new IllegalStateException("see the log before"));
  }

  /**
   * Stops a node whose peers, most of them, belong to one other cluster: it was given the wrong
   * addresses or the wrong disk.
   */
  private void refuseForeignPeers(NodeIdentity now) {
    Map<ByteString, Integer> others = new HashMap<>();
    peers
        .probe(PROBE_DEADLINE)
        .forEach(
            (id, answer) -> {
              ByteString cluster = answer.getClusterId();
              if (!cluster.isEmpty() && !cluster.equals(now.clusterIdBytes())) {
                LOG.error(
                    "{} belongs to cluster {}, this node to {}",
                    id,
                    NodeIdentity.uuid(cluster),
                    now.clusterId());
                others.merge(cluster, 1, Integer::sum);
              }
            });
    others.forEach(
        (cluster, count) -> {
          if (count > config.members().size() / 2) {
            throw new IllegalStateException(
                "this node belongs to cluster "
                    + now.clusterId()
                    + ", but most of its peers to "
                    + NodeIdentity.uuid(cluster));
          }
        });
  }

  // What peers ask of this node.

  ProbeResponse probe() {
    NodeIdentity now = identity;
    RaftMember member = raft;
    ProbeResponse.Builder response =
        ProbeResponse.newBuilder()
            .setNodeId(config.nodeId())
            .setClientAddress(config.self().clientAddress())
            .setEmpty(now == null)
            .setRole(MemberRole.MEMBER_ROLE_WAITING)
            .setHead(store.reader().head())
            .setAppliedIndex(Math.max(0, store.reader().appliedIndex()));
    if (now != null) {
      response.setClusterId(now.clusterIdBytes());
    }
    if (member != null) {
      response.setRole(member.role()).setTerm(member.term());
      member.leader().ifPresent(response::setLeaderId);
    }
    return response.build();
  }

  JoinResponse join(JoinRequest request) {
    Membership leading = membershipFor(request.getClusterId());
    if (request.getDiskEmpty()) {
      leading.forget(request.getNodeId());
      return JoinResponse.getDefaultInstance();
    }
    return JoinResponse.newBuilder().setReadIndex(leading.listen(request.getNodeId())).build();
  }

  void promote(PromoteRequest request) {
    Membership leading = membership;
    if (leading == null) {
      throw Status.UNAVAILABLE.withDescription("the node is starting").asRuntimeException();
    }
    leading.promote(request.getNodeId(), request.getAppliedIndex());
  }

  CompletableFuture<Long> readIndex(ReadIndexRequest request) {
    NodeIdentity now = identity;
    if (now == null || !now.clusterIdBytes().equals(request.getClusterId())) {
      return CompletableFuture.failedFuture(new IllegalStateException("another cluster"));
    }
    return reads.asLeader();
  }

  private Membership membershipFor(ByteString clusterId) {
    NodeIdentity now = identity;
    Membership leading = membership;
    if (now == null || leading == null) {
      throw Status.UNAVAILABLE.withDescription("the node is starting").asRuntimeException();
    }
    if (!now.clusterIdBytes().equals(clusterId)) {
      throw Status.FAILED_PRECONDITION
          .withDescription("this is cluster " + now.clusterId())
          .asRuntimeException();
    }
    return leading;
  }

  // The identity and the thread.

  /** Says what this node waits for, once. The thread's own. */
  private void report(String what) {
    if (!what.equals(reported)) {
      reported = what;
      LOG.warn("{}", what);
    }
  }

  /** Makes the next identity durable, unless another thread has been faster. */
  private void become(@Nullable NodeIdentity before, NodeIdentity next) {
    synchronized (lock) {
      if (!Objects.equals(identity, before)) {
        return;
      }
      next.store(config.identityFile());
      identity = next;
      woken = true;
      lock.notifyAll();
    }
  }

  /** Waits, less long when the identity changes or the node closes. */
  private void pause(long millis) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    synchronized (lock) {
      while (!woken && !closed) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          break;
        }
        TimeUnit.NANOSECONDS.timedWait(lock, left);
      }
      woken = false;
    }
  }

  void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
    // Not interrupted: it may be writing. Whatever it waits for ends with the calls below.
    peers.close();
    pending.failAll(new IllegalStateException("the node is closed"));
    boolean interrupted = false;
    try {
      thread.join(TimeUnit.SECONDS.toMillis(30));
    } catch (InterruptedException e) {
      interrupted = true;
    }
    RaftMember member = raft;
    if (member != null) {
      member.close();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
