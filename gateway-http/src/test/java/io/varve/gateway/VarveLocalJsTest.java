package io.varve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the tests of {@code varve-local.js} under Node.js, and makes, installs and type-checks its
 * package. Skipped where Node.js or npm's packages are not to be had, unless {@code
 * -Dvarve.node.required=true} says that they must be; in Chromium, where there is one, or {@code
 * -Dvarve.browser.required=true} says that there must be.
 */
class VarveLocalJsTest {
  private static final Path TESTS = Path.of("src/test/js").toAbsolutePath();
  private static final Path PACKAGE = Path.of("src/main/npm").toAbsolutePath();
  private static final Path SERVED =
      Path.of("src/main/resources/io/varve/gateway/static").toAbsolutePath();
  private static final boolean REQUIRED = Boolean.getBoolean("varve.node.required");
  private static final Duration LIMIT = Duration.ofMinutes(10);
  private static final int INSTALL_TRIES = 3;
  private static final int LEAST_NODE = 20;
  private static final int NOT_FOUND = 127;
  private static final int NO_BROWSER = 77;
  private static final boolean BROWSER_REQUIRED = Boolean.getBoolean("varve.browser.required");
  private static final String TYPESCRIPT = "typescript@7.0.2";

  @TempDir Path directory;

  @BeforeEach
  void needsNode() throws IOException, InterruptedException {
    Run node = run(directory, "node", "--print", "process.versions.node.split('.')[0]");
    boolean usable = node.exit() == 0 && Integer.parseInt(node.output().strip()) >= LEAST_NODE;
    needs(usable, "Node.js " + LEAST_NODE + " or newer", node);
  }

  @Test
  void theTestsInJavaScriptPass() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("node", "--test", "--test-reporter=tap"));
    try (Stream<Path> files = Files.list(TESTS)) {
      files
          .map(Path::toString)
          .filter(file -> file.endsWith(".test.mjs"))
          .sorted()
          .forEach(command::add);
    }

    Run run = run(TESTS, command.toArray(String[]::new));

    assertThat(run.exit()).as(run.failures()).isZero();
    assertThat(run.output())
        .contains("\n# fail 0\n")
        .contains("\n# skipped 0\n")
        .doesNotContain("\n# pass 0\n");
  }

  @Test
  void theTestsInChromiumPass() throws IOException, InterruptedException {
    Run run = run(TESTS, "node", "chromium.mjs");

    Assumptions.assumeFalse(
        run.exit() == NO_BROWSER && !BROWSER_REQUIRED,
        "SKIPPED: varve-local.js is not tried in a browser, as there is no chromium");
    assertThat(run.exit()).as(run.output()).isZero();
  }

  @Test
  void thePackageCanBeInstalledAndImported() throws IOException, InterruptedException {
    install(pack().toString());
    Files.writeString(
        directory.resolve("use.mjs"),
        """
        import { openVarve, fileStore } from 'varve-local';
        const varve = await openVarve({ gateway: 'http://127.0.0.1:1', store: fileStore('buffer') });
        const { clientSeq } = await varve.source('s').append({ type: 'T', key: 'k' });
        console.log('saved', clientSeq, varve.clientId.length);
        await varve.close();
        """);

    Run run = run(directory, "node", "use.mjs");

    assertThat(run.exit()).as(run.output()).isZero();
    assertThat(run.output().strip()).isEqualTo("saved 1 43");
  }

  @Test
  void thePackageHoldsWhatTheGatewayServes() throws IOException, InterruptedException {
    install(pack().toString());

    Path installed = directory.resolve("node_modules/varve-local");
    for (String file : List.of("varve-local.js", "varve-local.d.ts")) {
      assertThat(installed.resolve(file)).hasSameTextualContentAs(SERVED.resolve(file));
      assertThat(PACKAGE.resolve(file)).as("the copy that was packed").doesNotExist();
    }
  }

  @Test
  void theTypesSayWhatAnApplicationNeeds() throws IOException, InterruptedException {
    install(pack().toString(), TYPESCRIPT);
    Files.copy(TESTS.resolve("types.ts"), directory.resolve("types.mts"));

    Run run =
        run(
            directory,
            "node_modules/.bin/tsc",
            "--noEmit",
            "--strict",
            "--exactOptionalPropertyTypes",
            "--target",
            "es2022",
            "--module",
            "nodenext",
            "--lib",
            "es2022,dom",
            "types.mts");

    assertThat(run.exit()).as(run.output()).isZero();
  }

  private Path pack() throws IOException, InterruptedException {
    Run run = run(PACKAGE, "npm", "pack", "--silent", "--pack-destination", directory.toString());
    needs(run.exit() != NOT_FOUND, "npm", run);
    assertThat(run.exit()).as(run.output()).isZero();
    return directory.resolve(run.output().lines().reduce((first, last) -> last).orElseThrow());
  }

  private void install(String... packages) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of("npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"));
    command.addAll(List.of(packages));
    Files.writeString(directory.resolve("package.json"), "{\"private\": true}");
    Run run = run(directory, command.toArray(String[]::new));
    for (int attempt = 1; attempt < INSTALL_TRIES && run.exit() != 0; attempt++) {
      run = run(directory, command.toArray(String[]::new));
    }
    needs(run.exit() == 0, "npm's packages " + List.of(packages), run);
  }

  private static void needs(boolean there, String what, Run run) {
    if (REQUIRED) {
      assertThat(there).as("%s (varve.node.required): %s", what, run.output()).isTrue();
    }
    Assumptions.assumeTrue(
        there, "SKIPPED: varve-local.js is not tried, as it needs " + what + ": " + run.output());
  }

  private Run run(Path in, String... command) throws IOException, InterruptedException {
    Path output = Files.createTempFile(directory, "output", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(in.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return new Run(NOT_FOUND, e.toString());
    }
    process.getOutputStream().close();
    if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
      return new Run(-1, "it did not end: " + Files.readString(output, StandardCharsets.UTF_8));
    }
    return new Run(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
  }

  private record Run(int exit, String output) {
    /** The tests that failed, and why; everything when that cannot be told. */
    String failures() {
      StringBuilder failures = new StringBuilder();
      boolean failed = false;
      for (String line : output.lines().toList()) {
        String start = line.stripLeading();
        if (start.startsWith("not ok ")) {
          failed = true;
        } else if (start.startsWith("ok ") || start.startsWith("# Subtest")) {
          failed = false;
        }
        if (failed) {
          failures.append(line).append('\n');
        }
      }
      return failures.isEmpty() ? output : failures.toString();
    }
  }
}
