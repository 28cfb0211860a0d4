package io.varve.faults;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Hands a test its clusters and ends them after it. When the test failed, it prints what the nodes
 * say of themselves and the tails of their logs, and keeps their directories under {@code
 * target/faults}; otherwise they are deleted, unless {@code varve.faults.keep} is set.
 */
final class Clusters implements BeforeEachCallback, AfterEachCallback {
  private static final int TAIL_LINES = 60;

  private final List<ProcessCluster> clusters = new ArrayList<>();
  private Path root = Path.of("target", "faults").toAbsolutePath();

  @Override
  public void beforeEach(ExtensionContext context) {
    root =
        Path.of("target", "faults")
            .toAbsolutePath()
            .resolve(context.getRequiredTestClass().getSimpleName())
            .resolve(
                context.getRequiredTestMethod().getName()
                    + "-"
                    + Integer.toHexString(context.getUniqueId().hashCode()));
    NodeProcess.deleteTree(root);
  }

  /** A new cluster, not started. */
  ProcessCluster create(ProcessCluster.Options options) {
    ProcessCluster cluster =
        new ProcessCluster(root.resolve("cluster-" + (clusters.size() + 1)), options);
    clusters.add(cluster);
    return cluster;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    boolean failed = context.getExecutionException().isPresent();
    for (ProcessCluster cluster : clusters) {
      if (failed) {
        System.err.println("=== " + context.getDisplayName() + " failed: " + cluster.summary());
        System.err.println(cluster.logTails(TAIL_LINES));
      }
      cluster.close();
      for (NodeProcess node : cluster.nodes()) {
        if (node.alive()) {
          throw new AssertionError(node + " outlived the test");
        }
      }
    }
    clusters.clear();
    if (!failed && !Boolean.getBoolean("varve.faults.keep")) {
      NodeProcess.deleteTree(root);
    }
  }
}
