package io.varve.foreign;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.demo.DemoCluster;
import io.varve.cli.demo.DemoPorts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the client that docs/other-languages.md builds, as it stands there, under Node.js against
 * three nodes. Skipped where Node.js or its packages are not to be had, unless {@code
 * -Dvarve.node.required=true} says that they must be.
 */
class NodeJsClientTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path PACKAGES = ROOT.resolve("deploy/src/test/node");
  private static final boolean REQUIRED = Boolean.getBoolean("varve.node.required");
  private static final int INSTALL_TRIES = 3;

  @TempDir Path directory;

  @Test
  void theDocumentedClientWorks() throws Exception {
    installPackages();
    String script =
        Pattern.compile("(?ms)^```js\n(.*?)^```$")
            .matcher(Files.readString(ROOT.resolve("docs/other-languages.md")))
            .results()
            .map(MatchResult::group)
            .map(block -> block.substring("```js\n".length(), block.length() - "```".length()))
            .collect(Collectors.joining("\n"));
    // The page's deadline is for a machine that is not shared with three nodes and their tests.
    String patient = script.replace("Date.now() + 10_000", "Date.now() + 60_000");
    assertThat(patient).as("the page's deadline is longer").isNotEqualTo(script);
    Files.writeString(
        directory.resolve("client.js"),
        "(async () => {\n"
            + patient
            + "\n})().catch((e) => { console.error(e); process.exit(1); });\n");

    Run run;
    try (DemoCluster cluster =
        DemoCluster.start(
            directory.resolve("data"),
            Optional.empty(),
            DemoPorts::free,
            false,
            Duration.ofSeconds(1))) {
      cluster.awaitReady(Duration.ofMinutes(3));
      run =
          execute(
              List.of("node", "client.js"),
              Map.of(
                  "PROTOS", ROOT.resolve("proto/src/main/protobuf").toString(),
                  "TARGET", cluster.ports().clientAddress(0)));
    }

    assertThat(run.exit()).as(run.output()).isZero();
    assertThat(run.output().lines())
        .containsExactly(
            "appended: account-js-1 is at version 1",
            "again: replayed=true, same position=true",
            "conflict: found version 1, a AccountOpened",
            "INVALID_ARGUMENT: append.events[0].source: an event needs a source",
            "read AccountOpened v1 {\"owner\":\"Ada\"}",
            "found 1 in Oslo",
            "followed AccountOpened v1",
            "caught up",
            "followed AccountClosed v2");
  }

  /** What package-lock.json names, into the test's own directory. */
  private void installPackages() throws IOException, InterruptedException {
    Files.copy(PACKAGES.resolve("package.json"), directory.resolve("package.json"));
    Files.copy(PACKAGES.resolve("package-lock.json"), directory.resolve("package-lock.json"));
    Run run = new Run(1, "");
    try {
      for (int attempt = 0; attempt < INSTALL_TRIES && run.exit() != 0; attempt++) {
        run =
            execute(List.of("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"), Map.of());
      }
    } catch (IOException e) {
      run = new Run(1, e.toString());
    }
    if (REQUIRED) {
      assertThat(run.exit()).as("npm ci (varve.node.required): %s", run.output()).isZero();
    }
    Assumptions.assumeTrue(
        run.exit() == 0,
        "SKIPPED: no client of another language is tried, as npm cannot install what it needs: "
            + run.output());
  }

  private Run execute(List<String> command, Map<String, String> environment)
      throws IOException, InterruptedException {
    Path output = directory.resolve("output.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.destroyForcibly().waitFor();
      return new Run(-1, "it did not end: " + Files.readString(output, StandardCharsets.UTF_8));
    }
    return new Run(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
  }

  private record Run(int exit, String output) {}
}
