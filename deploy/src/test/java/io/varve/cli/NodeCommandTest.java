package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.demo.DemoPorts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeCommandTest {
  @TempDir Path directory;
  private final DemoPorts ports = DemoPorts.free();
  private final Cli cli = new Cli().with("VARVE_TARGET", ports.clientAddresses());
  private final List<Cli.Running> nodes = new ArrayList<>();

  @AfterEach
  void stop() {
    nodes.forEach(Cli.Running::stop);
  }

  @Test
  void threeOfThemAreACluster() throws Exception {
    for (int node = 0; node < 3; node++) {
      nodes.add(cli.start("node", "--config", config(node).toString()));
    }
    for (int node = 0; node < 3; node++) {
      Cli.Running running = nodes.get(node);
      Eventually.holds(() -> running.out().startsWith("ready ") || running.result().isDone());
      assertThat(running.result()).as(running::err).isNotDone();
      assertThat(running.out())
          .matches(
              "ready node=n"
                  + (node + 1)
                  + " grpc="
                  + ports.clientAddress(node)
                  + " admin=127\\.0\\.0\\.1:\\d+\n");
    }

    assertThat(cli.run("append", "--source", "s", "--type", "T").exit()).isZero();
    cli.wholeCluster();

    // One at a time: the last one has no majority and stops all the same.
    for (Cli.Running running : nodes) {
      running.stop();
      assertThat(running.result().get(60, TimeUnit.SECONDS).exit()).isZero();
    }
  }

  @Test
  void aPortInUseIsAClearError() throws Exception {
    nodes.add(cli.start("node", "--config", config(0).toString()));
    // Not by trying to listen there: that could be in the node's way.
    Eventually.holds(() -> accepts(ports.base()) || nodes.get(0).result().isDone());
    assertThat(nodes.get(0).result()).as(nodes.get(0)::err).isNotDone();
    Path second =
        Files.writeString(
            directory.resolve("second.yaml"),
            Files.readString(config(0)).replace("/data-1", "/data-other"));

    Cli.Result result = cli.run("node", "--config", second.toString());

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).contains("varve: node n1 cannot start: ").contains("in use");
  }

  @Test
  void aMistakeInTheConfigurationIsAClearError() throws IOException {
    Path file = Files.writeString(directory.resolve("node.yaml"), "nodeId: n1\nmembres: []\n");

    Cli.Result result = cli.run("node", "--config", file.toString());

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).startsWith("varve: " + file + ": ");
    assertThat(cli.run("node", "--config", "/no/such/file").err()).contains("/no/such/file");
    assertThat(cli.run("node").exit()).isEqualTo(2);
  }

  @Test
  void flagsAndTheEnvironmentOverrideTheFile() throws Exception {
    Path file = config(0);
    Path data = directory.resolve("elsewhere");
    Cli.Running running =
        cli.with("VARVE_ADMIN_LISTEN", ports.adminAddress(1))
            .start(
                "node",
                "--config",
                file.toString(),
                "--node-id",
                "n2",
                "--data",
                data.toString(),
                "--set",
                "limits.events=7");
    nodes.add(running);
    String ready = "http://" + ports.adminAddress(1) + "/ready";
    Eventually.holds(() -> running.result().isDone() || HttpStatus.of(ready) == 503);

    assertThat(running.result()).as(running::err).isNotDone();
    Eventually.holds(() -> Files.isDirectory(data));
    running.stop();
    assertThat(running.result().get(60, TimeUnit.SECONDS).exit()).isZero();

    assertThat(cli.run("node", "--config", file.toString(), "--set", "limits.event=7").err())
        .contains("--set limits.event: unknown key 'limits.event'; did you mean 'limits.events'?");
    assertThat(
            cli.with("VARVE_LIMITS_EVENTS", "many").run("node", "--config", file.toString()).err())
        .contains("VARVE_LIMITS_EVENTS: 'limits.events' must be a whole number from 1 to 4096");
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private Path config(int node) throws IOException {
    StringBuilder yaml = new StringBuilder();
    yaml.append("nodeId: n").append(node + 1).append('\n');
    yaml.append("dataDirectory: ").append(directory).append("/data-").append(node + 1).append('\n');
    yaml.append("members:\n");
    for (int member = 0; member < 3; member++) {
      yaml.append("  - id: n").append(member + 1).append('\n');
      yaml.append("    clientAddress: ").append(ports.clientAddress(member)).append('\n');
      yaml.append("    peerAddress: ").append(ports.peerAddress(member)).append('\n');
    }
    return Files.writeString(directory.resolve("n" + node + ".yaml"), yaml);
  }
}
