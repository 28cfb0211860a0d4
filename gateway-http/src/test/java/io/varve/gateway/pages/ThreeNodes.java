package io.varve.gateway.pages;

import static org.assertj.core.api.Assertions.fail;

import io.varve.client.VarveClient;
import io.varve.node.NodeConfig;
import io.varve.node.VarveNode;
import io.varve.node.cluster.HostAndPort;
import io.varve.node.cluster.MemberConfig;
import io.varve.testkit.FreePorts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A cluster of three nodes in this process, with their admin ports: what a console is for. */
public final class ThreeNodes implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  private final Path directory;
  private final List<MemberConfig> members;
  private final Map<String, HostAndPort> admin = new LinkedHashMap<>();
  private final Map<String, VarveNode> running = new LinkedHashMap<>();

  private ThreeNodes(Path directory, List<MemberConfig> members, List<HostAndPort> admin) {
    this.directory = directory;
    this.members = members;
    for (int i = 0; i < members.size(); i++) {
      this.admin.put(members.get(i).id(), admin.get(i));
    }
  }

  /** Starts them, with their data below a directory; returns when one of them leads. */
  public static ThreeNodes start(Path directory) {
    List<MemberConfig> members = new ArrayList<>();
    List<HostAndPort> admin = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      members.add(
          new MemberConfig(
              "node-" + (i + 1), "127.0.0.1:" + FreePorts.next(), "127.0.0.1:" + FreePorts.next()));
      admin.add(new HostAndPort("127.0.0.1", FreePorts.next()));
    }
    ThreeNodes nodes = new ThreeNodes(directory, members, admin);
    try {
      members.forEach(member -> nodes.start(member.id()));
      nodes.awaitReady();
      return nodes;
    } catch (RuntimeException e) {
      nodes.close();
      throw e;
    }
  }

  /** Where clients reach them. */
  public List<String> targets() {
    return members.stream().map(MemberConfig::clientAddress).toList();
  }

  /** Their admin ports. */
  List<String> admin() {
    return admin.values().stream().map(address -> address.host() + ":" + address.port()).toList();
  }

  /** Starts a client, which the caller closes. */
  public VarveClient client() {
    return VarveClient.builder().targets(targets()).deadline(Duration.ofSeconds(60)).build();
  }

  /** The member that leads; waits for one. */
  public String leader() {
    long end = System.nanoTime() + START_LIMIT.toNanos();
    while (System.nanoTime() < end) {
      for (Map.Entry<String, VarveNode> node : running.entrySet()) {
        if (node.getValue().leads()) {
          return node.getKey();
        }
      }
      pause();
    }
    return fail("no node leads");
  }

  /** Stops one. */
  public void stop(String id) {
    VarveNode node = running.remove(id);
    if (node != null) {
      node.close();
    }
  }

  /** Starts one, on the data it had. */
  public void start(String id) {
    running.computeIfAbsent(
        id,
        unused ->
            VarveNode.start(
                NodeConfig.of(id, directory.resolve(id), members)
                    .withApi(api -> api.withDrain(Duration.ofMillis(100)))
                    .withAdmin(options -> options.withListen(admin.get(id)))));
  }

  /** Waits until all that run are ready. */
  public void awaitReady() {
    long end = System.nanoTime() + START_LIMIT.toNanos();
    while (!running.values().stream().allMatch(VarveNode::ready)) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("the nodes do not get ready");
      }
      pause();
    }
  }

  @Override
  public void close() {
    List.copyOf(running.keySet()).forEach(this::stop);
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
