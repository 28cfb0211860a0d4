package io.varve.cli;

import io.varve.cli.demo.DemoCluster;
import io.varve.cli.demo.DemoPorts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.io.TempDir;

/**
 * Gives test classes a command line whose default target is a cluster of three nodes in this
 * process, started once for all of them. Tests use sources of their own and leave the nodes alone.
 */
final class SharedCluster implements ParameterResolver {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(SharedCluster.class);

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return (type == Cli.class || type == DemoCluster.class)
        && !parameter.isAnnotated(TempDir.class);
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    DemoCluster cluster =
        context
            .getRoot()
            .getStore(NAMESPACE)
            .getOrComputeIfAbsent("cluster", key -> new Started(), Started.class)
            .cluster;
    return parameter.getParameter().getType() == Cli.class
        ? new Cli().with("VARVE_TARGET", cluster.ports().clientAddresses())
        : cluster;
  }

  /** Closed by JUnit after the last test. */
  private static final class Started implements AutoCloseable {
    private final Path directory;
    private final DemoCluster cluster;

    Started() {
      try {
        directory = Files.createTempDirectory("varve-test-");
        cluster =
            DemoCluster.start(
                directory, Optional.empty(), DemoPorts::free, false, Duration.ofSeconds(1));
        cluster.awaitReady(Duration.ofMinutes(1));
      } catch (java.io.IOException | InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() throws java.io.IOException {
      cluster.close();
      try (var tree = Files.walk(directory)) {
        for (Path path : tree.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}
