package io.varve.node.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Real nodes in one JVM, over loopback TCP, each with its own directory. What a node serves at its
 * client address is replaceable; by default it is the peer service alone.
 */
public final class TestCluster implements AutoCloseable {

  /** Quick elections, small log files: for tests. */
  public static final RaftTuning TUNING =
      RaftTuning.defaults()
          .withElectionTimeout(java.time.Duration.ofMillis(600), java.time.Duration.ofMillis(1_000))
          .withLogSegments(1 << 20, 64 << 10);

  /**
   * The same, with a leader that a busy machine does not cost its role: for appends that have no
   * second try.
   */
  public static final RaftTuning STEADY =
      TUNING.withElectionTimeout(java.time.Duration.ofSeconds(3), java.time.Duration.ofSeconds(4));

  private final Path directory;
  private final Front front;
  private final Map<String, Slot> slots = new LinkedHashMap<>();
  private final List<String> halts = new CopyOnWriteArrayList<>();

  /** What a node serves at its client address. */
  @FunctionalInterface
  public interface Front {
    /** Starts serving; closing ends it. */
    AutoCloseable serve(ClusterNode node, ClusterConfig config) throws Exception;
  }

  private static final class Slot {
    private ClusterConfig config;
    private Optional<ClusterNode> node = Optional.empty();
    private Optional<AutoCloseable> server = Optional.empty();

    Slot(ClusterConfig config) {
      this.config = config;
    }
  }

  public TestCluster(Path directory, int nodes) {
    this(directory, nodes, TUNING, FoundingSettings.defaults(), TestCluster::servePeers);
  }

  public TestCluster(Path directory, int nodes, RaftTuning tuning) {
    this(directory, nodes, tuning, FoundingSettings.defaults(), TestCluster::servePeers);
  }

  public TestCluster(
      Path directory, int nodes, RaftTuning tuning, FoundingSettings founding, Front front) {
    this.directory = directory;
    this.front = front;
    List<MemberConfig> members = new ArrayList<>();
    for (int i = 1; i <= nodes; i++) {
      members.add(newMember("n" + i));
    }
    for (MemberConfig member : members) {
      slots.put(
          member.id(),
          new Slot(
              new ClusterConfig(
                  member.id(), directory.resolve(member.id()), members, founding, tuning)));
    }
  }

  /** A member with that id, at addresses nobody uses. */
  public static MemberConfig newMember(String id) {
    return new MemberConfig(id, "127.0.0.1:" + FreePorts.next(), "127.0.0.1:" + FreePorts.next());
  }

  /** Serves the peer service alone. */
  public static AutoCloseable servePeers(ClusterNode node, ClusterConfig config)
      throws IOException {
    HostAndPort address = HostAndPort.parse(config.self().clientAddress());
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(address.host(), address.port()))
            .addService(node.peerService())
            .build()
            .start();
    return () -> {
      server.shutdownNow();
      server.awaitTermination(5, TimeUnit.SECONDS);
    };
  }

  /** Every configured id, running or not. */
  public List<String> ids() {
    return List.copyOf(slots.keySet());
  }

  /** A node's configuration. */
  public ClusterConfig config(String id) {
    return slots.get(id).config;
  }

  /** Changes a stopped node's configuration. */
  public void reconfigure(String id, UnaryOperator<ClusterConfig> change) {
    slots.get(id).config = change.apply(slots.get(id).config);
  }

  /** Adds a member that every stopped node will know at its next start. */
  public void addMember(String id) {
    MemberConfig member = newMember(id);
    List<MemberConfig> members = new ArrayList<>(slots.values().iterator().next().config.members());
    members.add(member);
    ClusterConfig first = slots.values().iterator().next().config;
    slots.put(
        id,
        new Slot(
            new ClusterConfig(
                id, directory.resolve(id), members, first.founding(), first.tuning())));
    for (Slot slot : slots.values()) {
      ClusterConfig old = slot.config;
      slot.config =
          new ClusterConfig(
              old.nodeId(), old.dataDirectory(), members, old.founding(), old.tuning());
    }
  }

  /** Starts every node that is not running. */
  public TestCluster start() {
    ids().forEach(this::start);
    return this;
  }

  /** Starts a node. */
  public ClusterNode start(String id) {
    Slot slot = slots.get(id);
    if (slot.node.isPresent()) {
      return slot.node.get();
    }
    ClusterNode node =
        ClusterNode.start(slot.config, (why, cause) -> halts.add(id + ": " + why + ": " + cause));
    try {
      slot.server = Optional.of(front.serve(node, slot.config));
    } catch (Exception e) {
      node.close();
      throw new IllegalStateException("cannot serve " + id, e);
    }
    slot.node = Optional.of(node);
    return node;
  }

  /** Stops a node; its directory stays. */
  public void stop(String id) {
    Slot slot = slots.get(id);
    slot.server.ifPresent(
        server -> {
          try {
            server.close();
          } catch (Exception e) {
            throw new IllegalStateException("cannot stop serving " + id, e);
          }
        });
    slot.server = Optional.empty();
    slot.node.ifPresent(ClusterNode::close);
    slot.node = Optional.empty();
  }

  /** Deletes everything a stopped node has on disk. */
  public void wipe(String id) {
    assertThat(slots.get(id).node).as("%s must be stopped before it is wiped", id).isEmpty();
    delete(config(id).dataDirectory());
  }

  /** Deletes a file or a tree. */
  public static void delete(Path root) {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(root)) {
      paths
          .sorted(Comparator.reverseOrder())
          .forEach(
              path -> {
                try {
                  Files.delete(path);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A running node. */
  public ClusterNode node(String id) {
    return slots.get(id).node.orElseThrow(() -> new IllegalStateException(id + " is not running"));
  }

  /** Ids of the running nodes. */
  public List<String> running() {
    return ids().stream().filter(id -> slots.get(id).node.isPresent()).toList();
  }

  /** Waits until one node leads, and answers its id. */
  public String awaitLeader() {
    Conditions.await(
        () -> "a leader among " + running() + "; halts: " + halts,
        () -> running().stream().anyMatch(id -> node(id).leads()));
    return running().stream()
        .filter(id -> node(id).leads())
        .findFirst()
        .orElseGet(this::awaitLeader);
  }

  /** Waits until every running node is ready. */
  public TestCluster awaitReady() {
    for (String id : running()) {
      Conditions.await(() -> id + " to be ready; halts: " + halts, () -> node(id).ready());
    }
    return this;
  }

  /** The ids of the running nodes but one. */
  public List<String> othersThan(String id) {
    return running().stream().filter(other -> !other.equals(id)).toList();
  }

  /** Waits until a node has applied a position. */
  public void awaitHead(String id, long head) {
    Conditions.await(
        () -> id + " at head " + node(id).reader().head() + " to reach " + head + "; " + halts,
        () -> node(id).reader().head() >= head);
  }

  /** What nodes were halted for; empty in a test in which all went well. */
  public List<String> halts() {
    return halts;
  }

  /** Appends one event through whoever leads, again and again until it is known to have landed. */
  public Outcome.Appended append(String source, int bytes) {
    return land(named().addEvents(event(source, bytes)).build());
  }

  private Append.Builder named() {
    return Append.newBuilder()
        .setAppendId(AppendId.newBuilder().setId(randomBytes(16)).setKnownPosition(maxHead()));
  }

  private Outcome.Appended land(Append append) {
    Optional<Outcome.Appended> landed = Optional.empty();
    long deadline = System.nanoTime() + Conditions.PATIENCE.toNanos();
    while (landed.isEmpty()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("could not append; halts: " + halts);
      }
      try {
        Outcome outcome =
            node(awaitLeader()).replicate(command(append)).get(10, TimeUnit.SECONDS).get(0);
        if (outcome instanceof Outcome.Appended appended) {
          landed = Optional.of(appended);
        } else {
          throw new AssertionError("not appended: " + outcome);
        }
      } catch (java.util.concurrent.ExecutionException
          | java.util.concurrent.TimeoutException
          | InterruptedException e) {
        // Its fate is not known, or there is no leader: the append id makes trying again safe.
      }
    }
    return landed.get();
  }

  /** Appends events of a size through the leader until so many bytes were appended. */
  public long appendBytes(long bytes, int eventBytes) {
    long head = 0;
    Queue<InFlight> inFlight = new ArrayDeque<>();
    for (long sent = 0; sent < bytes; ) {
      Append.Builder builder = named();
      for (int i = 0; i < 64 && sent < bytes; i++) {
        builder.addEvents(event("bulk-" + ThreadLocalRandom.current().nextInt(1_000), eventBytes));
        sent += eventBytes;
      }
      Append append = builder.build();
      inFlight.add(new InFlight(append, node(awaitLeader()).replicate(command(append))));
      if (inFlight.size() == 8) {
        head = Math.max(head, last(inFlight.remove()));
      }
    }
    while (!inFlight.isEmpty()) {
      head = Math.max(head, last(inFlight.remove()));
    }
    return head;
  }

  private record InFlight(Append append, CompletableFuture<List<Outcome>> outcomes) {}

  private long last(InFlight entry) {
    try {
      return ((Outcome.Appended) entry.outcomes.join().get(0)).lastPosition();
    } catch (CompletionException e) {
      // The leader has changed.
      return land(entry.append).lastPosition();
    }
  }

  /** The highest head any running node shows. */
  public long maxHead() {
    return running().stream().mapToLong(id -> node(id).reader().head()).max().orElse(0);
  }

  /** An event with random content. */
  public static NewEvent event(String source, int bytes) {
    return NewEvent.newBuilder()
        .setSource(source)
        .setType("Happened")
        .setData(randomBytes(bytes))
        .build();
  }

  /** A command of some appends, as the pipeline would make it. */
  public static Command command(Append... appends) {
    return Command.newBuilder()
        .setFormat(1)
        .setAppendBatch(
            AppendBatch.newBuilder()
                .setRecordedMicros(System.currentTimeMillis() * 1_000)
                .setSaltSeed(randomBytes(16))
                .addAllAppends(List.of(appends)))
        .build();
  }

  /** Random bytes. */
  public static ByteString randomBytes(int count) {
    byte[] bytes = new byte[count];
    ThreadLocalRandom.current().nextBytes(bytes);
    return ByteString.copyFrom(bytes);
  }

  @Override
  public void close() {
    for (String id : ids()) {
      stop(id);
    }
  }
}
