package io.varve.deployment;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.Ports;
import io.varve.client.ClusterDescription;
import io.varve.client.VarveClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.output.ToStringConsumer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.DockerImageName;

/**
 * Three nodes in three containers on a network of their own, where they know each other by name.
 * From outside, each is reached at a port of this machine that the engine chooses.
 */
final class ContainerCluster implements AutoCloseable {
  static final int SIZE = 3;

  private static final Duration READY_LIMIT = Duration.ofMinutes(3);
  private static final int CLIENT_PORT = 4520;
  private static final int KILLED = 128 + 9;

  private final Network network = Network.newNetwork();
  private final List<GenericContainer<?>> nodes = new ArrayList<>();
  private final List<ToStringConsumer> logs = new ArrayList<>();
  private final DockerClient docker = DockerClientFactory.lazyClient();

  /** Starts the nodes and returns when all are ready. */
  void start() {
    for (int node = 0; node < SIZE; node++) {
      ToStringConsumer log = new ToStringConsumer();
      GenericContainer<?> container =
          new GenericContainer<>(DockerImageName.parse(Engine.IMAGE))
              .withImagePullPolicy(image -> false)
              .withNetwork(network)
              .withNetworkAliases(id(node))
              .withExposedPorts(CLIENT_PORT)
              .withCopyToContainer(Transferable.of(config()), "/etc/varve/varve.yaml")
              .withEnv("VARVE_NODE_ID", id(node))
              .withLogConsumer(log)
              .waitingFor(Wait.forHealthcheck().withStartupTimeout(READY_LIMIT));
      nodes.add(container);
      logs.add(log);
    }
    Startables.deepStart(nodes).join();
  }

  static String id(int node) {
    return "node-" + (node + 1);
  }

  private static int index(String id) {
    return Integer.parseInt(id.substring("node-".length())) - 1;
  }

  /** One file for all nodes; which of them each is, it is told by its environment. */
  private static String config() {
    StringBuilder yaml = new StringBuilder();
    yaml.append("dataDirectory: /var/lib/varve\n");
    yaml.append("listen: 0.0.0.0:").append(CLIENT_PORT).append('\n');
    yaml.append("adminListen: 0.0.0.0:4522\n");
    yaml.append("members:\n");
    for (int node = 0; node < SIZE; node++) {
      yaml.append("  - id: ").append(id(node)).append('\n');
      yaml.append("    clientAddress: ").append(id(node)).append(":4520\n");
      yaml.append("    peerAddress: ").append(id(node)).append(":4521\n");
    }
    return yaml.toString();
  }

  /** Where a node is reached from outside. Changes when its container starts again. */
  String address(int node) {
    Ports.Binding[] bindings =
        Objects.requireNonNull(
            inspect(node)
                .getNetworkSettings()
                .getPorts()
                .getBindings()
                .get(ExposedPort.tcp(CLIENT_PORT)));
    return "127.0.0.1:" + bindings[0].getHostPortSpec();
  }

  /** A client of these nodes; the addresses by which they know each other mean nothing here. */
  VarveClient client(Integer... reached) {
    return VarveClient.builder()
        .targets(List.of(reached).stream().map(this::address).toList())
        .learnAddresses(false)
        .deadline(Duration.ofMinutes(2))
        .build();
  }

  /** The node that leads, as the client's node sees it; waits until it knows one. */
  static int leader(VarveClient client) {
    return index(
        Eventually.value(
            "a leader", READY_LIMIT, () -> client.describe().leaderId().filter(id -> true)));
  }

  /** Kills a node's process and proves it. */
  void kill(int node) {
    docker.killContainerCmd(nodes.get(node).getContainerId()).withSignal("KILL").exec();
    Eventually.holds("node " + id(node) + " is dead", READY_LIMIT, () -> !running(node));
    long code = exitCode(node);
    if (code != KILLED) {
      throw new AssertionError(id(node) + " was not killed: it ended with " + code);
    }
  }

  /** Starts a node's container again, with the volume it had. */
  void startAgain(int node) {
    docker.startContainerCmd(nodes.get(node).getContainerId()).exec();
  }

  /** Stops a node as an engine does, by SIGTERM, and tells how its process ended. */
  long stop(int node) {
    docker
        .stopContainerCmd(nodes.get(node).getContainerId())
        .withTimeout((int) READY_LIMIT.toSeconds())
        .exec();
    return exitCode(node);
  }

  /** What a program in a node's container prints. */
  String execute(int node, String... command) throws Exception {
    var result = nodes.get(node).execInContainer(command);
    if (result.getExitCode() != 0) {
      throw new AssertionError(String.join(" ", command) + ": " + result);
    }
    return result.getStdout();
  }

  /** Whether all nodes are members that answer and that have come to at least this position. */
  static boolean whole(ClusterDescription cluster, long position) {
    return cluster.members().size() == SIZE
        && cluster.members().stream()
            .allMatch(member -> member.reachable() && member.head() >= position);
  }

  /** What every node has logged. */
  String logs() {
    return logs.stream()
        .map(ToStringConsumer::toUtf8String)
        .collect(Collectors.joining("\n-- next node --\n"));
  }

  private boolean running(int node) {
    return Boolean.TRUE.equals(inspect(node).getState().getRunning());
  }

  private long exitCode(int node) {
    return Objects.requireNonNull(inspect(node).getState().getExitCodeLong());
  }

  private InspectContainerResponse inspect(int node) {
    return docker.inspectContainerCmd(nodes.get(node).getContainerId()).exec();
  }

  @Override
  public void close() {
    nodes.forEach(GenericContainer::stop);
    network.close();
  }
}
