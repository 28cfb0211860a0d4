package io.varve.cli;

import io.varve.node.NodeConfig;
import io.varve.node.VarveNode;
import io.varve.node.config.ConfigException;
import io.varve.node.config.Overrides;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve node}: one node of a deployment, as this process. */
@Command(
    name = "node",
    sortOptions = false,
    description = {
      "Run one node until SIGTERM or Ctrl-C.",
      "Prints a line starting with 'ready' once it is of use: it has found its cluster and caught"
          + " up."
    })
final class NodeCommand implements Callable<Integer> {

  private static final long POLL_MILLIS = 50;

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The node's configuration, YAML.")
  private Path config = Path.of("");

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Override a key of the configuration, as in --set tuning.readWorkers=4; may be repeated."
              + " Flags win over environment variables (VARVE_TUNING_READ_WORKERS), these over the"
              + " file.")
  private List<String> settings = new ArrayList<>();

  @Option(
      names = "--node-id",
      paramLabel = "ID",
      description = "The same as --set nodeId=ID: which of the members this is.")
  private @Nullable String nodeId;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "The same as --set dataDirectory=DIR.")
  private @Nullable String data;

  private final Console console;

  NodeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws InterruptedException {
    NodeConfig loaded;
    try {
      loaded = NodeConfig.load(config, overrides());
    } catch (ConfigException e) {
      throw CommandException.invalid(String.valueOf(e.getMessage()), "--config");
    }
    try (VarveNode node = start(loaded)) {
      Runnable close = node::close;
      AtomicBoolean stopped = new AtomicBoolean();
      console
          .lifetime()
          .onStop(
              () -> {
                stopped.set(true);
                close.run();
              });
      while (!node.ready() && !stopped.get()) {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      }
      if (!stopped.get()) {
        String address = loaded.listen().host() + ":" + node.port();
        String admin = node.adminAddress().map(at -> " admin=" + at.text()).orElse("");
        console.out().println("ready node=" + loaded.nodeId() + " grpc=" + address + admin);
        console.out().flush();
      }
      console.lifetime().awaitStop();
    }
    return ExitCode.DONE.code();
  }

  private Overrides overrides() {
    Overrides overrides = NodeConfig.overrides().environment(console.environment());
    settings.forEach(overrides::set);
    if (nodeId != null) {
      overrides.flag("--node-id", "nodeId", nodeId);
    }
    if (data != null) {
      overrides.flag("--data", "dataDirectory", data);
    }
    return overrides;
  }

  private static VarveNode start(NodeConfig settings) {
    try {
      return VarveNode.start(settings);
    } catch (RuntimeException e) {
      throw CommandException.refused(
          "node " + settings.nodeId() + " cannot start: " + Reasons.of(e));
    }
  }
}
