package io.varve.cli;

import io.varve.cli.demo.DemoCluster;
import io.varve.cli.demo.DemoException;
import io.varve.cli.demo.DemoPorts;
import io.varve.cli.demo.Play;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve demo}: a cluster to try, and the demonstration. */
@Command(
    name = "demo",
    sortOptions = false,
    description = {
      "Run three nodes and a gateway in one process on loopback, until Ctrl-C.",
      "Prints a line starting with 'ready' once they are. Started again, they find their data."
    })
final class DemoCommand implements Callable<Integer> {

  private static final Duration READY_LIMIT = Duration.ofMinutes(2);
  private static final Duration DRAIN = Duration.ofSeconds(2);

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Where the data is. Default: .varve/demo in the source tree, else where you stand; with"
              + " --play a new temporary directory.")
  private @Nullable Path data;

  @Option(
      names = "--port-base",
      paramLabel = "N",
      description =
          "The first of ten ports: three for clients, three among the nodes, three for operators, and"
              + " the gateway's."
              + " Default: 4700; with --play any that are free.")
  private @Nullable Integer portBase;

  @Option(names = "--fresh", description = "Delete what an earlier demo left in the directory.")
  private boolean fresh;

  @Option(
      names = "--play",
      description = "Show what Varve does, check that all of it held, and end.")
  private boolean play;

  private final GlobalOptions globals;
  private final Console console;

  DemoCommand(GlobalOptions globals, Console console) {
    this.globals = globals;
    this.console = console;
  }

  @Override
  public Integer call() throws InterruptedException {
    Optional<DemoPorts> ports = ports();
    try {
      return play ? play(ports) : serve(ports);
    } catch (DemoException e) {
      throw CommandException.refused(e.getMessage());
    }
  }

  private int serve(Optional<DemoPorts> ports) throws InterruptedException {
    Path directory = data == null ? home().resolve(".varve").resolve("demo") : data;
    try (DemoCluster cluster =
        DemoCluster.start(directory, ports, DemoPorts::defaults, fresh, DRAIN)) {
      console.lifetime().onStop(cluster::close);
      cluster.awaitReady(READY_LIMIT);
      cluster.startGateway();
      String http = "http://" + cluster.ports().httpAddress();
      console
          .err()
          .println("three nodes and a gateway run on " + directory + "; Ctrl-C stops them");
      console.err().println("the canvas:  " + http + "/canvas/");
      console.err().println("the console: " + http + "/console/");
      // The last word: whoever waits for it has all of the above.
      console.out().println(cluster.ports().readyLine());
      console.out().flush();
      console.lifetime().awaitStop();
    }
    return ExitCode.DONE.code();
  }

  private int play(Optional<DemoPorts> ports) throws InterruptedException {
    boolean held =
        Play.run(
            Play.Setting.documented(Optional.ofNullable(data), ports, fresh, home()),
            console.out(),
            globals.json(),
            stop -> console.lifetime().onStop(stop));
    return held ? ExitCode.DONE.code() : ExitCode.REFUSED.code();
  }

  private Optional<DemoPorts> ports() {
    try {
      return Optional.ofNullable(portBase).map(DemoPorts::new);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--port-base: " + e.getMessage());
    }
  }

  /** The source tree the launcher runs from, else where we stand. */
  private static Path home() {
    Path home = Path.of(System.getProperty("varve.home", ""));
    return Files.exists(home.resolve("pom.xml")) ? home : Path.of("").toAbsolutePath();
  }
}
