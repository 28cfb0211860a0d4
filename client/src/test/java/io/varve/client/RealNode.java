package io.varve.client;

import io.varve.node.NodeConfig;
import io.varve.node.VarveNode;
import io.varve.node.cluster.FreePorts;
import io.varve.node.cluster.MemberConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A real node, the only one of its cluster, with Ratis and RocksDB in a directory of its own:
 * started once for a test class that has it as a static field with {@link RegisterExtension}. Tests
 * of one class share its log, so they take names of their own ({@link #unique}).
 */
public final class RealNode implements BeforeAllCallback, AfterAllCallback {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Deque<AutoCloseable> toClose = new ArrayDeque<>();
  private final AtomicInteger names = new AtomicInteger();
  private String address = "";

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    Path directory = Files.createTempDirectory("varve-real-node");
    toClose.push(() -> delete(directory));
    VarveNode node = start(directory);
    toClose.push(node);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!node.ready()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("the node was not ready within " + PATIENCE);
      }
      TimeUnit.MILLISECONDS.sleep(5); // between two looks at the condition
    }
  }

  private VarveNode start(Path directory) {
    String peer = "127.0.0.1:" + FreePorts.next();
    address = "127.0.0.1:" + FreePorts.next();
    return VarveNode.start(
        NodeConfig.of("n1", directory.resolve("n1"), List.of(new MemberConfig("n1", peer, address)))
            .withRaft(
                raft ->
                    // After a pause of the latter it no longer leads, and appends are sent again.
                    raft.withElectionTimeout(Duration.ofSeconds(2), Duration.ofSeconds(3))
                        .withLogSegments(4 << 20, 64 << 10)),
        (why, cause) -> {
          throw new AssertionError("the node halts: " + why, cause);
        });
  }

  /** Where the node serves clients. */
  public String address() {
    return address;
  }

  /** A client with a deadline of 60 s, closed after the last test. */
  public VarveClient client() {
    return closeLater(
        VarveClient.builder().target(address).deadline(Duration.ofMinutes(1)).build());
  }

  /** A name that no other test of the class has. */
  public String unique(String prefix) {
    return prefix + "-" + names.incrementAndGet();
  }

  /** Closes something after the last test. */
  public synchronized <T extends AutoCloseable> T closeLater(T closeable) {
    toClose.push(closeable);
    return closeable;
  }

  @Override
  public synchronized void afterAll(ExtensionContext context) throws Exception {
    while (!toClose.isEmpty()) {
      toClose.pop().close();
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
