package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.demo.DemoPorts;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DemoCommandTest {
  @TempDir Path directory;
  private final DemoPorts ports = DemoPorts.free();
  private final Cli cli = new Cli().with("VARVE_TARGET", ports.clientAddresses());
  private Cli.Running demo = cli.new Running();

  @AfterEach
  void stop() {
    demo.stop();
  }

  @Test
  void startedAgainItFindsItsDataUnlessItIsToBeginAnew() throws Exception {
    Path data = directory.resolve("some data");
    start(data);
    assertThat(demo.out())
        .isEqualTo(
            "ready grpc="
                + ports.clientAddresses()
                + " admin="
                + ports.adminAddresses()
                + " http="
                + ports.httpAddress()
                + System.lineSeparator());
    assertThat(demo.err())
        .contains("http://" + ports.httpAddress() + "/canvas/")
        .contains("http://" + ports.httpAddress() + "/console/");
    Eventually.holds(() -> HttpStatus.of("http://" + ports.httpAddress() + "/ready") == 200);
    assertThat(HttpStatus.of("http://" + ports.httpAddress() + "/canvas/")).isEqualTo(200);
    assertThat(HttpStatus.of("http://" + ports.httpAddress() + "/console/")).isEqualTo(200);
    assertThat(HttpStatus.of("http://" + ports.adminAddress(2) + "/ready")).isEqualTo(200);
    assertThat(cli.run("append", "--source", "s", "--type", "T").exit()).isZero();
    String identity = identity();
    assertThat(end()).isZero();
    assertThat(data.resolve("node-1")).isDirectory();
    assertThat(data.resolve("node-3")).isDirectory();

    start(data);
    assertThat(cli.run("read", "--source", "s").lines()).hasSize(1);
    assertThat(identity()).isEqualTo(identity);
    assertThat(end()).isZero();

    Path strangers = Files.writeString(data.resolve("not the demo's"), "precious");
    start(data, "--fresh");
    assertThat(cli.run("read", "--source", "s").lines()).isEmpty();
    assertThat(identity()).isNotEqualTo(identity);
    assertThat(strangers).hasContent("precious");
  }

  @Test
  void aSecondOneOnTheSameDirectoryOrPortsIsRefused() throws Exception {
    start(directory.resolve("data"));

    Cli.Result sameData =
        cli.run(
            "demo",
            "--data",
            directory.resolve("data").toString(),
            "--port-base",
            Integer.toString(DemoPorts.free().base()));
    Cli.Result samePorts =
        cli.run(
            "demo",
            "--data",
            directory.resolve("other").toString(),
            "--port-base",
            Integer.toString(ports.base()));

    assertThat(sameData.exit()).isEqualTo(1);
    assertThat(sameData.err())
        .startsWith("varve: another demo is running on " + directory.resolve("data"));
    assertThat(samePorts.exit()).isEqualTo(1);
    assertThat(samePorts.err()).startsWith("varve: port " + ports.base() + " is in use");
    assertThat(cli.run("head").exit()).isZero();
  }

  @Test
  void aPortInUseIsNamed() throws IOException {
    int last = ports.base() + 5;
    try (ServerSocket other = new ServerSocket(last, 1, InetAddress.getLoopbackAddress())) {
      Cli.Result result =
          cli.run(
              "demo",
              "--data",
              directory.toString(),
              "--port-base",
              Integer.toString(ports.base()));

      assertThat(result.exit()).isEqualTo(1);
      assertThat(result.err()).startsWith("varve: port " + other.getLocalPort() + " is in use");
    }
  }

  @Test
  void dataIsFoundOnlyOnItsOwnPorts() throws Exception {
    start(directory);
    assertThat(end()).isZero();
    int other = ports.base() + 1;

    Cli.Result result =
        cli.run("demo", "--data", directory.toString(), "--port-base", Integer.toString(other));

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).contains("belongs to a demo with --port-base " + ports.base());
  }

  /** As its own process, as Ctrl-C and as a supervisor end it. */
  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void signalsEndItCleanly(String signal) throws Exception {
    Process process =
        new ProcessBuilder(
                // What a shell starts in the background, as CI does, and all that comes of it would
                // ignore SIGINT.
                "env",
                "--default-signal=INT",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                "io.varve.cli.Varve",
                "demo",
                "--data",
                directory.toString(),
                "--port-base",
                Integer.toString(ports.base()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = process.inputReader()) {
      assertThat(out.readLine()).isEqualTo(ports.readyLine());
      assertThat(cli.run("append", "--source", "s", "--type", "T").exit()).isZero();

      assertThat(
              new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                  .start()
                  .waitFor())
          .isZero();

      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(out.readLine()).isNull();
      assertThat(ports.firstInUse()).isEmpty();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void portsThatDoNotExistAreAUsageError() {
    assertThat(cli.run("demo", "--port-base", "65531").exit()).isEqualTo(2);
    assertThat(cli.run("demo", "--port-base", "0").exit()).isEqualTo(2);
  }

  private String identity() {
    return cli.run("head", "--json").onlyJson().get("logIdentity").asText();
  }

  private void start(Path data, String... more) {
    String[] arguments = new String[more.length + 5];
    String[] fixed = {
      "demo", "--data", data.toString(), "--port-base", Integer.toString(ports.base())
    };
    System.arraycopy(fixed, 0, arguments, 0, fixed.length);
    System.arraycopy(more, 0, arguments, fixed.length, more.length);
    demo = cli.start(arguments);
    Eventually.holds(() -> demo.out().startsWith("ready ") || demo.result().isDone());
    assertThat(demo.result()).as(demo::err).isNotDone();
  }

  private int end() throws Exception {
    demo.stop();
    return demo.result().get(30, TimeUnit.SECONDS).exit();
  }
}
