package io.varve.faults;

import io.varve.proto.v1.DescribeResponse;
import io.varve.proto.v1.Member;
import io.varve.proto.v1.MemberRole;
import io.varve.testkit.FreePorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Three nodes as three processes, each with its own data directory and ports, and what a fault test
 * asks of them together. No process outlives it: {@link #close} ends all, a shutdown hook does if a
 * test forgets, and each node dies by itself when the test's process is gone.
 */
final class ProcessCluster implements AutoCloseable {
  static final Duration READY_LIMIT = Duration.ofMinutes(2);
  private static final Duration PROBE_LIMIT = Duration.ofSeconds(3);

  /**
   * How the nodes are set up.
   *
   * @param tuning lines of the configuration file's section {@code tuning}
   * @param jvmArgs heap, collector and compiler flags of the nodes, all of them
   */
  record Options(String tuning, List<String> jvmArgs) {
    Options {
      jvmArgs = List.copyOf(jvmArgs);
    }

    /** Small and quickly started: three nodes share a small machine with the test. */
    static Options plain() {
      return new Options(
          "blockCacheBytes: 8MiB\nwriteBufferBytes: 16MiB\n",
          List.of("-Xms64m", "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    }

    /** As an operator who sets nothing has it, but for these flags of the JVM. */
    static Options untuned(String... jvmArgs) {
      return new Options("", List.of(jvmArgs));
    }

    Options with(String lines) {
      return new Options(tuning + lines + "\n", jvmArgs);
    }
  }

  /**
   * A leader that knows that it is one.
   *
   * @param node the leading node
   * @param term its term
   */
  record Leader(NodeProcess node, long term) {}

  private final Path directory;
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final Map<NodeProcess, CuttingProxy> proxies = new LinkedHashMap<>();
  private final Map<NodeProcess, NodeConnection> connections = new LinkedHashMap<>();
  private final Thread shutdownHook = new Thread(this::destroyAll, "cluster-cleanup");

  /**
   * Prepares three nodes, n1 to n3; nothing is started.
   *
   * @param directory an empty or absent directory for everything the nodes write
   */
  ProcessCluster(Path directory, Options options) {
    this.directory = directory;
    NodeYaml yaml = new NodeYaml(options.tuning());
    for (int i = 1; i <= 3; i++) {
      yaml.member("n" + i, FreePorts.next(), FreePorts.next(), FreePorts.next());
    }
    for (NodeYaml.Member member : yaml.members()) {
      Path home = directory.resolve(member.id());
      NodeProcess node =
          new NodeProcess(
              member.id(),
              home,
              command(home.resolve("node.yaml"), options),
              member.clientPort(),
              member.peerPort(),
              member.adminPort());
      try {
        Files.createDirectories(home);
        Files.writeString(home.resolve("node.yaml"), yaml.text(member.id(), node.dataDirectory()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      nodes.add(node);
      // Straight to the node: what a test learns must not depend on the faults it makes.
      connections.put(node, new NodeConnection(member.clientPort()));
    }
    Runtime.getRuntime().addShutdownHook(shutdownHook);
  }

  private static List<String> command(Path config, Options options) {
    return varve(options.jvmArgs(), "node", "--config", config.toString());
  }

  /** What starts a command of {@code varve} as a process of its own that dies with this one. */
  static List<String> varve(List<String> jvmArgs, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvmArgs);
    command.addAll(
        List.of(
            "-Djava.util.concurrent.ForkJoinPool.common.parallelism=4",
            "-Dlogback.configurationFile=faults/node-logback.xml"));
    String more = System.getProperty("varve.faults.nodeJvmArgs", "").trim();
    if (!more.isEmpty()) {
      command.addAll(Arrays.asList(more.split("\\s+")));
    }
    // Surefire starts tests from a jar that only names the class path, and tells the path itself.
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    command.addAll(List.of("-cp", classPath, NodeMain.class.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Starts all three and waits until they serve. */
  ProcessCluster start() {
    nodes.forEach(NodeProcess::start);
    awaitReady();
    return this;
  }

  List<NodeProcess> nodes() {
    return List.copyOf(nodes);
  }

  /** A node by its number, 1 to 3. */
  NodeProcess node(int number) {
    return nodes.get(number - 1);
  }

  /** All nodes but these. */
  List<NodeProcess> others(NodeProcess... without) {
    List<NodeProcess> others = new ArrayList<>(nodes);
    others.removeAll(Arrays.asList(without));
    return others;
  }

  /** A proxy before a node, for callers that are to suffer; made when first asked for. */
  CuttingProxy proxy(NodeProcess node) {
    return proxies.computeIfAbsent(node, key -> new CuttingProxy(0, key.clientPort()));
  }

  /** A connection straight to a node, past any proxy. */
  NodeConnection connection(NodeProcess node) {
    return connections.get(node);
  }

  /** Where clients are told to reach the nodes. */
  List<Integer> clientPorts() {
    return nodes.stream().map(NodeProcess::clientPort).toList();
  }

  /** A caller that uses all nodes. */
  Caller caller(History history) {
    return new Caller(clientPorts(), history);
  }

  /** How a node sees the cluster; empty when it does not answer. */
  Optional<DescribeResponse> describe(NodeProcess node) {
    return connection(node).describe(PROBE_LIMIT);
  }

  /** How a node describes itself; empty when it does not answer. */
  Optional<Member> self(NodeProcess node) {
    return describe(node).flatMap(view -> member(view, node.id()));
  }

  static Optional<Member> member(DescribeResponse view, String id) {
    return view.getMembersList().stream().filter(member -> member.getId().equals(id)).findFirst();
  }

  /** The node that says of itself that it leads, the newest term's if there are two. */
  Optional<Leader> leader() {
    Optional<Leader> newest = Optional.empty();
    for (NodeProcess node : nodes) {
      if (!node.alive() || node.state().equals(Optional.of('T'))) {
        continue;
      }
      Optional<DescribeResponse> view = describe(node);
      boolean leads =
          view.flatMap(seen -> member(seen, node.id()))
              .filter(member -> member.getRole() == MemberRole.MEMBER_ROLE_LEADER)
              .isPresent();
      if (leads && newest.stream().allMatch(other -> other.term() < view.get().getTerm())) {
        newest = Optional.of(new Leader(node, view.get().getTerm()));
      }
    }
    return newest;
  }

  /** Waits for a leader. */
  Leader awaitLeader(Duration limit) {
    return Await.value("a leader", limit, this::leader);
  }

  /** Waits for a leader of a term newer than this one. */
  Leader awaitLeaderAfter(Leader old, Duration limit) {
    return Await.value(
        "a leader of a term after " + old.term(),
        limit,
        () -> leader().filter(leader -> leader.term() > old.term()));
  }

  /** Waits until every node serves and votes, and all know the same leader. */
  void awaitReady() {
    Await.until("all nodes to serve and to vote", READY_LIMIT, this::allReady, () -> summary());
  }

  private boolean allReady() {
    for (NodeProcess node : nodes) {
      if (!node.alive()) {
        throw new AssertionError(node + " has exited\n" + node.logTail(80));
      }
      if (!connection(node).serving(PROBE_LIMIT) || !votes(node)) {
        return false;
      }
    }
    return nodes.stream()
            .map(node -> describe(node).map(DescribeResponse::getLeaderId).orElse(""))
            .distinct()
            .filter(leader -> !leader.isEmpty())
            .count()
        == 1;
  }

  private boolean votes(NodeProcess node) {
    return self(node)
        .filter(
            member ->
                member.getRole() == MemberRole.MEMBER_ROLE_LEADER
                    || member.getRole() == MemberRole.MEMBER_ROLE_FOLLOWER)
        .isPresent();
  }

  /** Waits until every node has applied the same, and answers that head. */
  long awaitEqualHeads() {
    return Await.value(
        "all nodes to have applied the same",
        READY_LIMIT,
        () -> {
          List<Member> members = nodes.stream().flatMap(node -> self(node).stream()).toList();
          boolean equal =
              members.size() == nodes.size()
                  && members.stream().map(Member::getHead).distinct().count() == 1
                  && members.stream().map(Member::getAppliedIndex).distinct().count() == 1;
          return equal ? Optional.of(members.get(0).getHead()) : Optional.empty();
        });
  }

  /** One line a node: who it is and what it says of itself. */
  String summary() {
    return nodes.stream()
        .map(
            node ->
                node
                    + (node.alive() ? " " + node.state().map(String::valueOf).orElse("?") : " dead")
                    + self(node)
                        .map(
                            member ->
                                " %s head %d index %d"
                                    .formatted(
                                        member.getRole(),
                                        member.getHead(),
                                        member.getAppliedIndex()))
                        .orElse(" no answer"))
        .collect(Collectors.joining("; "));
  }

  /** What the nodes logged last. */
  String logTails(int lines) {
    return nodes.stream().map(node -> node.logTail(lines)).collect(Collectors.joining("\n"));
  }

  Path directory() {
    return directory;
  }

  @Override
  public void close() {
    connections.values().forEach(NodeConnection::close);
    destroyAll();
    proxies.values().forEach(CuttingProxy::close);
    try {
      Runtime.getRuntime().removeShutdownHook(shutdownHook);
    } catch (IllegalStateException e) {
      // The JVM is on its way down: the hook runs, and finds nothing to do.
    }
  }

  private void destroyAll() {
    nodes.forEach(NodeProcess::destroy);
  }
}
