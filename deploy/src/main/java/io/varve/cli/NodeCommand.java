package io.varve.cli;

import io.varve.node.NodeConfig;
import io.varve.node.VarveNode;
import io.varve.node.config.ConfigException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
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

  private final Console console;

  NodeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws InterruptedException {
    NodeConfig settings;
    try {
      settings = NodeConfig.load(config);
    } catch (ConfigException e) {
      throw CommandException.invalid(String.valueOf(e.getMessage()), "--config");
    }
    try (VarveNode node = start(settings)) {
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
        String address = settings.listen().host() + ":" + node.port();
        String admin = node.adminAddress().map(at -> " admin=" + at.text()).orElse("");
        console.out().println("ready node=" + settings.nodeId() + " grpc=" + address + admin);
        console.out().flush();
      }
      console.lifetime().awaitStop();
    }
    return ExitCode.DONE.code();
  }

  private static VarveNode start(NodeConfig settings) {
    try {
      return VarveNode.start(settings);
    } catch (RuntimeException e) {
      throw CommandException.refused("node " + settings.nodeId() + " cannot start: " + reasons(e));
    }
  }

  /** What went wrong, with what led to it: a cause often names the port or the file. */
  private static String reasons(Throwable error) {
    StringBuilder reasons = new StringBuilder();
    String last = "";
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
      if (!last.contains(message)) {
        reasons.append(reasons.isEmpty() ? "" : ": ").append(message);
        last = message;
      }
    }
    return reasons.toString();
  }
}
