package io.varve.gateway.sse;

import static io.varve.gateway.sse.TestGateway.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendResult.Appended;
import io.varve.client.NewEvent;
import io.varve.testkit.EmbeddedVarve;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A client that nobody here wrote: npm's {@code eventsource}, under Node.js, which resumes by
 * itself when its line is cut. Skipped where Node.js or its packages are not to be had, unless
 * {@code -Dvarve.node.required=true} says that they must be.
 */
class EventSourceClientTest {
  private static final Path PACKAGES = Path.of("src/test/node/eventsource").toAbsolutePath();
  private static final boolean REQUIRED = Boolean.getBoolean("varve.node.required");
  private static final int INSTALL_TRIES = 3;

  @TempDir Path directory;

  @Test
  void aForeignClientResumesWithoutAGapOrADuplicate() throws Exception {
    installPackages();
    try (EmbeddedVarve varve = EmbeddedVarve.start();
        TestGateway one =
            new TestGateway(() -> varve.clientBuilder().build(), OPEN, StreamOptions.defaults());
        TestGateway other =
            new TestGateway(() -> varve.clientBuilder().build(), OPEN, StreamOptions.defaults());
        Forwarder line = new Forwarder(one.port())) {
      List<String> expected = new ArrayList<>();
      append(varve, expected, 20);
      Path output = directory.resolve("output.txt");
      Process node =
          new ProcessBuilder(
                  "node",
                  "follow.mjs",
                  "http://127.0.0.1:" + line.port() + "/v1/stream?source=a&source=b",
                  "80")
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      try {
        awaitLines(output, "event ", 20);
        awaitLines(output, "caught-up", 1);
        line.cut();
        append(varve, expected, 20);
        awaitLines(output, "event ", 40);
        append(varve, expected, 20);
        awaitLines(output, "event ", 60);
        // Another gateway takes over.
        line.leadTo(other.port());
        append(varve, expected, 20);
        assertThat(node.waitFor(2, TimeUnit.MINUTES)).as(() -> read(output)).isTrue();
      } finally {
        node.destroyForcibly();
      }
      assertThat(node.exitValue()).as(() -> read(output)).isZero();
      List<String> said = Files.readAllLines(output);
      assertThat(said.stream().filter(text -> text.startsWith("event ")).toList())
          .isEqualTo(expected);
      assertThat(said.stream().filter("open"::equals).count()).isGreaterThanOrEqualTo(3);
      assertThat(said).contains("caught-up");
    }
  }

  private static void append(EmbeddedVarve varve, List<String> expected, int count) {
    for (int i = 0; i < count; i++) {
      Appended appended =
          (Appended) varve.client().append(NewEvent.builder(i % 2 == 0 ? "a" : "b", "T").build());
      expected.add("event " + appended.lastPosition() + " " + appended.lastPosition());
      varve.client().append(NewEvent.builder("c", "T").build());
    }
  }

  private static void awaitLines(Path output, String prefix, long count) {
    TestGateway.await(
        count + " lines that begin with " + prefix,
        () -> read(output).lines().filter(text -> text.startsWith(prefix)).count() >= count);
  }

  private static String read(Path output) {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      return "";
    }
  }

  /** What package-lock.json names, into the test's own directory. */
  private void installPackages() throws IOException, InterruptedException {
    for (String file : List.of("package.json", "package-lock.json", "follow.mjs")) {
      Files.copy(PACKAGES.resolve(file), directory.resolve(file));
    }
    int exit = 1;
    Path output = directory.resolve("npm.txt");
    try {
      for (int attempt = 0; attempt < INSTALL_TRIES && exit != 0; attempt++) {
        Process npm =
            new ProcessBuilder("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!npm.waitFor(2, TimeUnit.MINUTES)) {
          npm.destroyForcibly().waitFor();
        }
        exit = npm.exitValue();
      }
    } catch (IOException e) {
      Files.writeString(output, e.toString());
    }
    if (REQUIRED) {
      assertThat(exit).as("npm ci (varve.node.required): %s", read(output)).isZero();
    }
    Assumptions.assumeTrue(
        exit == 0, "SKIPPED: npm cannot install a foreign client: " + read(output));
  }
}
