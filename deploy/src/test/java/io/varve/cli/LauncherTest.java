package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher, with a stand-in for Java that says how it was called, and one for Maven. */
class LauncherTest {
  @TempDir Path directory;
  private Path tree = Path.of("");
  private Path jdk = Path.of("");
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void layOut() throws IOException {
    tree = Files.createDirectories(directory.resolve("a source tree"));
    Files.copy(Path.of("../varve"), tree.resolve("varve"));
    Files.writeString(tree.resolve("pom.xml"), "<project/>");
    Files.createDirectories(tree.resolve("node/src/main/java"));
    Files.writeString(tree.resolve("node/pom.xml"), "<project/>");
    Files.writeString(tree.resolve("node/src/main/java/A.java"), "class A {}");

    jdk = jdk("some jdk", "17.0.15");
    Path maven = Files.createDirectories(directory.resolve("maven/bin"));
    script(
        maven.resolve("mvn"),
        "echo \"$PWD: $*\" >>'" + directory + "/builds'",
        "[ ! -e '" + directory + "/broken' ] || { echo 'does not compile'; exit 1; }",
        "mkdir -p deploy/target/varve/lib");
    environment.put("JAVA_HOME", jdk.toString());
    environment.put("MAVEN_HOME", maven.getParent().toString());
  }

  @Test
  void buildsOnFirstUseAndWhenSourcesAreNewer() throws Exception {
    Run first = run("head");
    assertThat(first.exit).isZero();
    assertThat(first.err).startsWith("varve: first use, building …").hasLineCount(1);
    assertThat(builds())
        .hasSize(1)
        .allMatch(build -> build.startsWith(tree + ": -q -B "))
        // What it does not run (the test kit, the examples) it does not build.
        .allMatch(build -> build.endsWith(" -pl deploy -am package"));

    assertThat(run("head").err).isEmpty();
    assertThat(builds()).hasSize(1);

    Path source = tree.resolve("node/src/main/java/A.java");
    Files.setLastModifiedTime(source, FileTime.fromMillis(System.currentTimeMillis() + 60_000));
    environment.put("VARVE_SKIP_BUILD", "1");
    assertThat(run("head").err).isEmpty();
    assertThat(builds()).hasSize(1);

    environment.remove("VARVE_SKIP_BUILD");
    assertThat(run("head").err).startsWith("varve: sources changed, building …");
    assertThat(builds()).hasSize(2);
  }

  @Test
  void twoAtOnceBuildOnce() throws Exception {
    CompletableFuture<Run> other = CompletableFuture.supplyAsync(() -> runQuietly("head"));
    Run one = run("head");

    assertThat(one.exit).isZero();
    assertThat(other.get(30, TimeUnit.SECONDS).exit).isZero();
    assertThat(builds()).hasSize(1);
  }

  @Test
  void aBuildThatFailsIsShownAndNothingRuns() throws Exception {
    Files.writeString(directory.resolve("broken"), "");

    Run run = run("head");

    assertThat(run.exit).isEqualTo(1);
    assertThat(run.err).contains("does not compile").contains("varve: the build failed");
    assertThat(run.out).isEmpty();
  }

  @Test
  void argumentsArriveAsTheyAreFromAnywhere() throws Exception {
    Run run = run("append", "--data", "{\"a b\": \"*\"}", "--tag", "", "$HOME");

    assertThat(run.lines())
        .containsSubsequence(
            "io.varve.cli.Varve", "append", "--data", "{\"a b\": \"*\"}", "--tag", "", "$HOME");
    assertThat(run.lines())
        .contains("-Djava.util.concurrent.ForkJoinPool.common.parallelism=4")
        .contains("-Dvarve.home=" + tree.toRealPath())
        .contains(tree.toRealPath() + "/deploy/target/varve/lib/*")
        .anyMatch(flag -> flag.startsWith("-Xmx"))
        .doesNotContain("-Dvarve.terminal=true")
        .noneMatch(flag -> flag.startsWith("--enable-native-access"));
    assertThat(run.exit).isZero();
  }

  @Test
  void aDistributionNeedsNoMavenAndNoSourceTree() throws Exception {
    Path distribution = Files.createDirectories(directory.resolve("dist"));
    Files.copy(tree.resolve("varve"), distribution.resolve("varve"));
    Files.createDirectories(distribution.resolve("lib"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("dist/varve"));
    environment.remove("MAVEN_HOME");

    Run run = execute(link, "head");

    assertThat(run.err).isEmpty();
    assertThat(run.lines()).contains(distribution.toRealPath() + "/lib/*");
  }

  @Test
  void theUsersFlagsComeLast() throws Exception {
    environment.put("VARVE_JAVA_OPTS", "-Xmx7g -Dx=y");

    List<String> lines = run("demo").lines();

    assertThat(lines.indexOf("-Xmx7g")).isGreaterThan(lines.indexOf("-Xmx2g")).isPositive();
    assertThat(lines).contains("-Dx=y");
  }

  @Test
  void theCommandDecidesOnMemoryAndLogging() throws Exception {
    assertThat(run("--json", "head", "--target", "demo").lines()).contains("-Xmx256m");
    assertThat(run("demo").lines())
        .contains("-Xmx2g")
        .noneMatch(flag -> flag.startsWith("-Dvarve.log.level"));
    assertThat(run("demo", "--play").lines()).contains("-Xmx2g", "-Dvarve.log.level=ERROR");
    assertThat(run("node", "--config", "x").lines()).contains("-Xmx1g", "-Dvarve.log.level=INFO");
    assertThat(run("append", "--source", "demo", "--type", "--play").lines()).contains("-Xmx256m");
    assertThat(run("token", "grant", "--name", "demo").lines()).contains("-Xmx256m");
  }

  @Test
  void aNodeCollectsGarbageInParallelUnlessTheUserChoosesOtherwise() throws Exception {
    assertThat(run("node", "--config", "x").lines()).contains("-XX:+UseParallelGC");

    environment.put("VARVE_JAVA_OPTS", "-XX:+UseG1GC");

    assertThat(run("node", "--config", "x").lines())
        .contains("-XX:+UseG1GC")
        .doesNotContain("-XX:+UseParallelGC");
  }

  @Test
  void newerJavaIsToldThatNativeCodeIsMeant() throws Exception {
    environment.put("JAVA_HOME", jdk("newer", "25.0.1").toString());

    assertThat(run("head").lines())
        .contains("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow");
  }

  @Test
  void olderJavaIsPassedOver() throws Exception {
    environment.put("JAVA_HOME", jdk("older", "1.8.0_402").toString());
    environment.put("PATH", jdk + "/bin:" + System.getenv("PATH"));

    assertThat(run("head").exit).isZero();
  }

  @Test
  void theJvmReplacesTheLauncherSoThatSignalsReachIt() throws Exception {
    script(jdk.resolve("bin/java"), "echo $$ $PPID");
    run("head");
    script(directory.resolve("caller"), "'" + tree + "/varve' head & echo $!; wait");

    List<String> lines = execute(directory.resolve("caller")).out.lines().sorted().toList();

    // Java's own process id is the one its caller started, and its parent is the caller.
    assertThat(lines).hasSize(2);
    assertThat(lines.get(1)).startsWith(lines.get(0) + " ");
  }

  private Path jdk(String name, String version) throws IOException {
    Path home = Files.createDirectories(directory.resolve(name).resolve("bin")).getParent();
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    script(home.resolve("bin/java"), "printf '%s\\n' \"$@\"");
    script(home.resolve("bin/javac"), "exit 1");
    return home;
  }

  private static void script(Path path, String... lines) throws IOException {
    Files.writeString(path, "#!/bin/bash\n" + String.join("\n", lines) + "\n");
    assertThat(path.toFile().setExecutable(true)).isTrue();
  }

  private List<String> builds() throws IOException {
    Path builds = directory.resolve("builds");
    return Files.exists(builds) ? Files.readAllLines(builds) : List.of();
  }

  private Run run(String... arguments) throws IOException, InterruptedException {
    return execute(tree.resolve("varve"), arguments);
  }

  private Run runQuietly(String... arguments) {
    try {
      return run(arguments);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Run execute(Path program, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile(directory, "out", "");
    Path err = Files.createTempFile(directory, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(Path.of("/").toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Run(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  /** How the launcher ended and what it printed. */
  private record Run(int exit, String out, String err) {
    List<String> lines() {
      return List.of(out.split("\n", -1));
    }
  }
}
