package io.varve.cli;

import io.varve.gateway.Gateway;
import io.varve.gateway.GatewayConfig;
import io.varve.node.config.ConfigException;
import io.varve.node.config.Overrides;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve gateway}: one gateway of a deployment, as this process. */
@Command(
    name = "gateway",
    sortOptions = false,
    description = {
      "Run one gateway until SIGTERM or Ctrl-C: HTTP and Server-Sent Events before a cluster.",
      "Prints a line starting with 'ready' once it listens. Any number may stand before one"
          + " cluster; clients move between them."
    })
final class GatewayCommand implements Callable<Integer> {

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The gateway's configuration, YAML.")
  private Path config = Path.of("");

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Override a key of the configuration, as in --set streams.heartbeat=10s; may be repeated."
              + " Flags win over environment variables (VARVE_STREAMS_HEARTBEAT), these over the"
              + " file.")
  private List<String> settings = new ArrayList<>();

  private final Console console;

  GatewayCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws InterruptedException {
    GatewayConfig loaded;
    try {
      Overrides overrides = GatewayConfigFile.overrides().environment(console.environment());
      settings.forEach(overrides::set);
      loaded = GatewayConfigFile.load(config, overrides);
    } catch (ConfigException e) {
      throw CommandException.invalid(String.valueOf(e.getMessage()), "--config");
    }
    try (Gateway gateway = start(loaded)) {
      console.lifetime().onStop(gateway::close);
      console.out().println("ready http=" + gateway.uri().getAuthority());
      console.out().flush();
      console.lifetime().awaitStop();
    }
    return ExitCode.DONE.code();
  }

  private static Gateway start(GatewayConfig settings) {
    try {
      return Gateway.start(settings);
    } catch (RuntimeException e) {
      throw CommandException.refused("the gateway cannot start: " + Reasons.of(e));
    }
  }
}
