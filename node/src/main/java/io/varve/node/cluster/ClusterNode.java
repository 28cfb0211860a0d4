package io.varve.node.cluster;

import com.google.protobuf.ByteString;
import io.grpc.BindableService;
import io.varve.node.metrics.Metrics;
import io.varve.proto.peer.v1.ProbeResponse;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.v1.DescribeResponse;
import io.varve.proto.v1.Member;
import io.varve.proto.v1.MemberRole;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.ratis.Halt;
import io.varve.statemachine.snapshot.LiveStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * A node's part in its cluster: its store, its Raft server, its way into the cluster and back.
 * Thread-safe.
 *
 * <p>The peer service must be served at this node's client address from the start: without it the
 * cluster is neither founded nor joined.
 */
public final class ClusterNode implements Replicator, AutoCloseable {

  private static final Duration DESCRIBE_DEADLINE = Duration.ofSeconds(1);

  /** How many peers' requests may wait; there are few peers, and they ask one thing at a time. */
  private static final int QUEUED_PEER_REQUESTS = 64;

  private final ClusterConfig config;
  private final LiveStore store;
  private final PendingEntries pending;
  private final Peers peers;
  private final ScheduledExecutorService timer;
  private final ThreadPoolExecutor peerWorker;
  private final ReadIndexes reads;
  private final Formation formation;
  private boolean closed;

  private ClusterNode(
      ClusterConfig config,
      Optional<NodeIdentity> identity,
      LiveStore store,
      Halt halt,
      Metrics metrics) {
    this.config = config;
    this.store = store;
    AppliedIndexWaiters applied = new AppliedIndexWaiters(store.core().appliedIndex());
    this.pending = new PendingEntries(applied);
    this.peers = new Peers(config);
    ScheduledThreadPoolExecutor scheduler =
        new ScheduledThreadPoolExecutor(1, daemon("varve-cluster-timer-" + config.nodeId()));
    scheduler.setRemoveOnCancelPolicy(true);
    this.timer = scheduler;
    this.peerWorker =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(QUEUED_PEER_REQUESTS),
            daemon("varve-cluster-peers-" + config.nodeId()));
    this.pending.measure(ClusterMetrics.applyTime(metrics));
    this.reads =
        new ReadIndexes(
            config.tuning(), peers, applied, timer, ClusterMetrics.readIndexTime(metrics));
    this.formation = new Formation(config, identity, store, pending, peers, reads, halt);
    ClusterMetrics.register(metrics, store.reader(), pending, formation::raft, this::ownRole);
  }

  private static ThreadFactory daemon(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }

  /**
   * Opens the local store and starts everything else in the background.
   *
   * @throws IllegalStateException if the data directory cannot be this node's: another node's, a
   *     history without an identity, or damaged
   */
  public static ClusterNode start(ClusterConfig config) {
    return start(config, Halt.process(), new Metrics());
  }

  /**
   * The same, with something else than ending the process to do when the node must not go on.
   *
   * @param halt what to do; may be called on any thread
   */
  public static ClusterNode start(ClusterConfig config, Halt halt) {
    return start(config, halt, new Metrics());
  }

  /**
   * The same, with metrics that somebody looks at.
   *
   * @param halt what to do; may be called on any thread
   */
  public static ClusterNode start(ClusterConfig config, Halt halt, Metrics metrics) {
    try {
      Files.createDirectories(config.dataDirectory());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Optional<NodeIdentity> identity = NodeIdentity.load(config.identityFile());
    identity
        .filter(known -> !known.nodeId().equals(config.nodeId()))
        .ifPresent(
            known -> {
              throw new IllegalStateException(
                  config.dataDirectory()
                      + " belongs to node "
                      + known.nodeId()
                      + ", not "
                      + config.nodeId());
            });
    if (identity.isEmpty()
        && (!isEmpty(config.raftDirectory()) || !isEmpty(config.storeDirectory()))) {
      throw new IllegalStateException(
          config.dataDirectory()
              + " holds a history but no identity: bring the file 'identity' back, or, if the"
              + " cluster is to replace this node's data, empty the directory");
    }
    LiveStore store = LiveStore.open(config.storeDirectory(), config.tuning().store());
    try {
      ClusterNode node = new ClusterNode(config, identity, store, halt, metrics);
      node.formation.start();
      return node;
    } catch (RuntimeException | Error e) {
      store.close();
      throw e;
    }
  }

  private static boolean isEmpty(Path directory) {
    if (!Files.exists(directory)) {
      return true;
    }
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      return !stream.iterator().hasNext();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads what this node has applied. The same object for the node's whole life. */
  public LogReader reader() {
    return store.reader();
  }

  /** The peer service, to be served beside the client API. */
  public BindableService peerService() {
    return new PeerEndpoint(formation, peerWorker);
  }

  /**
   * Whether this node is of use: it votes, knows a leader, and has once applied everything that was
   * acknowledged before it started.
   */
  public boolean ready() {
    return notReady().isEmpty();
  }

  /** Why it is not ready, for people; empty if it is. Never blocks. */
  public Optional<String> notReady() {
    if (!formation.caughtUp()) {
      return Optional.of(formation.waitsFor());
    }
    return leader().isPresent() ? Optional.empty() : Optional.of("it knows no leader");
  }

  /**
   * Hears of the head whenever an entry was applied or a snapshot installed.
   *
   * @param headListener called on the apply thread; must be short and must not block or throw
   */
  public void onApplied(LongConsumer headListener) {
    pending.addHeadListener(headListener);
  }

  @Override
  public boolean leads() {
    return formation.raft().filter(RaftMember::leads).isPresent() && formation.founded();
  }

  @Override
  public Optional<String> leader() {
    return formation.raft().flatMap(RaftMember::leader);
  }

  @Override
  public CompletableFuture<List<Outcome>> replicate(Command command) {
    Optional<RaftMember> raft = formation.raft();
    if (raft.isEmpty()) {
      return CompletableFuture.failedFuture(
          new NotAppendedException("this node takes no part in a cluster yet"));
    }
    return raft.get().replicate(command.toByteString());
  }

  @Override
  public CompletableFuture<Void> readBarrier() {
    return reads.barrier();
  }

  @Override
  public void announceCommit() {
    formation.raft().ifPresent(RaftMember::announceCommit);
  }

  /**
   * How the cluster looks from here. Asks every other member and waits up to a second for those
   * that do not answer; needs no majority.
   */
  public DescribeResponse describe() {
    Map<String, ProbeResponse> answers = peers.probe(DESCRIBE_DEADLINE);
    ProbeResponse own = formation.probe();
    DescribeResponse.Builder response =
        DescribeResponse.newBuilder()
            .setClusterId(own.getClusterId())
            .setLogIdentity(logIdentity())
            .setNodeId(config.nodeId())
            .setLeaderId(own.getLeaderId())
            .setTerm(own.getTerm());
    for (MemberConfig member : config.members()) {
      Member.Builder described =
          Member.newBuilder()
              .setId(member.id())
              .setClientAddress(member.clientAddress())
              .setPeerAddress(member.peerAddress())
              .setRole(MemberRole.MEMBER_ROLE_UNSPECIFIED);
      ProbeResponse answer = member.id().equals(config.nodeId()) ? own : answers.get(member.id());
      if (answer != null) {
        described
            .setReachable(true)
            .setRole(answer.getRole())
            .setHead(answer.getHead())
            .setAppliedIndex(answer.getAppliedIndex());
      }
      response.addMembers(described);
    }
    return response.build();
  }

  private ByteString logIdentity() {
    return store.reader().logIdentity();
  }

  /** What this node does now. */
  MemberRole ownRole() {
    return formation.probe().getRole();
  }

  /** What the snapshots of this node have cost; for metrics and tests. */
  public SnapshotStatus snapshotStatus() {
    return formation
        .raft()
        .map(
            member ->
                new SnapshotStatus(
                    member.snapshots().newest().map(snapshot -> snapshot.index()).orElse(-1L),
                    member.snapshots().taken(),
                    member.snapshotsInstalled(),
                    Duration.ofNanos(member.snapshots().maxHoldNanos())))
        .orElse(new SnapshotStatus(-1, 0, 0, Duration.ZERO));
  }

  /**
   * What the snapshots of a node have cost.
   *
   * @param newestIndex the Raft index of the newest one, −1 = none
   * @param taken how many were taken since the node started
   * @param installed how many it was sent by a leader and has adopted since then
   * @param maxHold the longest apply was held while one was taken
   */
  public record SnapshotStatus(long newestIndex, long taken, long installed, Duration maxHold) {}

  /** Stops taking part and closes the store. Entries not yet answered end as unknown. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    reads.close();
    formation.close();
    pending.failAll(new IllegalStateException("the node is closed"));
    peerWorker.shutdownNow();
    timer.shutdownNow();
    peers.close();
    store.close();
    try {
      peerWorker.awaitTermination(10, TimeUnit.SECONDS);
      timer.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
