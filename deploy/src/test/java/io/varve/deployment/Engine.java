package io.varve.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.testcontainers.DockerClientFactory;

/** The container engine that the tests use, if there is one, and the image they try. */
final class Engine {
  /** The image under test: built anew, and removed by {@link #removeImage()}. */
  static final String IMAGE = "varve-under-test:latest";

  private static final Path DEPLOY = Path.of("").toAbsolutePath();
  private static final int BUILD_MINUTES = 5;

  private Engine() {}

  /**
   * Skips the test where no engine runs, unless {@code -Dvarve.docker.required=true} says that one
   * must.
   */
  static void require() {
    boolean runs = DockerClientFactory.instance().isDockerAvailable();
    if (Boolean.getBoolean("varve.docker.required")) {
      assertThat(runs).as("a Docker engine runs here (varve.docker.required)").isTrue();
    }
    Assumptions.assumeTrue(
        runs, "SKIPPED: no Docker engine runs here, so the container image is not tried");
  }

  /**
   * Builds the image as deploy/Dockerfile says, from the distribution that Maven has just put
   * together. {@code -Dvarve.docker.base=NAME} gives it another base.
   */
  static void buildImage() throws IOException, InterruptedException {
    assertThat(DEPLOY.resolve("target/varve/lib")).as("the distribution").isDirectory();
    List<String> command = new ArrayList<>(List.of("docker", "build", "--tag", IMAGE));
    String base = System.getProperty("varve.docker.base", "");
    if (!base.isEmpty()) {
      command.addAll(List.of("--build-arg", "BASE_IMAGE=" + base));
    }
    command.addAll(List.of("--file", DEPLOY.resolve("Dockerfile").toString(), DEPLOY.toString()));
    run(command);
  }

  static void removeImage() throws IOException, InterruptedException {
    run(List.of("docker", "rmi", "--force", IMAGE));
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    Path log = Files.createTempFile("varve-docker-", ".log");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      process.getOutputStream().close();
      boolean ended = process.waitFor(BUILD_MINUTES, TimeUnit.MINUTES);
      if (!ended) {
        process.destroyForcibly().waitFor();
      }
      String output = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
      assertThat(ended).as("%s ended in time:%n%s", command, output).isTrue();
      assertThat(process.exitValue()).as("%s:%n%s", command, output).isZero();
    } finally {
      Files.delete(log);
    }
  }
}
