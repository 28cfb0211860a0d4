package io.varve.cli;

import static io.varve.cli.DocumentedCommands.blocks;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.demo.DemoCluster;
import io.varve.cli.demo.DemoPorts;
import io.varve.node.NodeConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Runs what README.md and docs/cli.md say, and compares what they list with what there is. */
@ExtendWith(SharedCluster.class)
class DocumentationTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path README = ROOT.resolve("README.md");
  private static final Path CLI = ROOT.resolve("docs/cli.md");
  private static final Pattern OPTION = Pattern.compile("(?<![\\w-])(--[a-z][a-z-]+)");
  private static final Pattern CODE = Pattern.compile("(?s)```.*?```");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]+)\\)");

  @TempDir Path directory;

  /** CI runs these two as they stand; here it is checked that it does. */
  @Test
  void theTwoCommandsAreThoseThatCiRuns() throws IOException {
    List<String> blocks = blocks(README, "sh");
    String ci = Files.readString(ROOT.resolve(".ci/run"));

    assertThat(blocks.get(0)).isEqualTo("./varve demo --play\n");
    assertThat(blocks.get(1)).isEqualTo("mvn -B verify\n");
    assertThat(ci)
        .contains("DEMO_COMMAND=\"./varve demo --play\"")
        .contains("TEST_COMMAND=\"mvn -B verify\"");
  }

  /** The README's commands, as a shell runs them, one after the other, against a fresh cluster. */
  @Test
  void theReadmesCommandsAndItsJavaWork() throws Exception {
    DocumentedCommands commands = new DocumentedCommands(directory);
    try (DemoCluster cluster =
        DemoCluster.start(
            directory.resolve("data"),
            java.util.Optional.empty(),
            DemoPorts::free,
            false,
            java.time.Duration.ofSeconds(1))) {
      cluster.awaitReady(java.time.Duration.ofMinutes(1));
      Map<String, String> environment = Map.of("VARVE_TARGET", cluster.ports().clientAddresses());

      String printed = commands.run(blocks(README, "sh").get(2), environment);

      assertThat(printed.lines().filter(line -> line.startsWith("appended at position")))
          .hasSize(2);
      assertThat(printed.lines().filter(line -> line.contains("MoneyDeposited"))).hasSize(3);
      assertThat(printed).contains("account-7 is at version 2").contains("leader node-");

      java(blocks(README, "java").get(0), cluster.ports().clientAddress(0));

      assertThat(
              new Cli()
                  .with("VARVE_TARGET", cluster.ports().clientAddresses())
                  .run("read", "--json", "--source", "account-7", "--backward", "--limit", "1")
                  .onlyJson()
                  .get("type")
                  .asText())
          .isEqualTo("MoneyWithdrawn");
    }
  }

  @Test
  void theNodesConfigurationIsOne() throws IOException {
    Path file = Files.writeString(directory.resolve("node.yaml"), blocks(CLI, "yaml").get(0));

    NodeConfig config = NodeConfig.load(file);

    assertThat(config.nodeId()).isEqualTo("node-1");
    assertThat(config.members()).hasSize(3);
  }

  @Test
  void everyOptionIsDocumentedAndEveryDocumentedOptionExists() throws IOException {
    Set<String> documented = new TreeSet<>();
    for (Matcher option = OPTION.matcher(Files.readString(CLI)); option.find(); ) {
      documented.add(option.group(1));
    }

    Set<String> existing = new TreeSet<>();
    for (String command :
        List.of(
            "demo",
            "node",
            "gateway",
            "append",
            "read",
            "tail",
            "source",
            "head",
            "latest",
            "import",
            "export",
            "verify",
            "completion",
            "cluster describe",
            "token keygen",
            "token register",
            "token grant",
            "token revoke",
            "token list",
            "bench append",
            "bench read",
            "bench subscribe",
            "bench gateway")) {
      String help = new Cli().run((command + " --help").split(" ")).out();
      Matcher option = Pattern.compile("(?m)^ +(?:-h, )?(--[a-z-]+)").matcher(help);
      while (option.find()) {
        existing.add(option.group(1));
      }
      assertThat(Files.readString(CLI)).contains("varve " + command);
    }

    assertThat(documented).isEqualTo(existing);
  }

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    try (Stream<Path> documents = Files.walk(ROOT.resolve("docs"))) {
      Stream<Path> pages = documents.filter(file -> file.toString().endsWith(".md"));
      for (Path document : Stream.concat(Stream.of(README), pages).toList()) {
        String prose = CODE.matcher(Files.readString(document)).replaceAll("");
        for (Matcher link = LINK.matcher(prose); link.find(); ) {
          if (!URI.create(link.group(1)).isAbsolute()) {
            assertThat(document.resolveSibling(link.group(1))).exists();
          }
        }
      }
    }
  }

  /** Compiles the snippet as the body of a method and runs it against a node. */
  private void java(String snippet, String target) throws Exception {
    assertThat(snippet).contains("\"127.0.0.1:4700\"");
    Path source =
        Files.writeString(
            directory.resolve("Snippet.java"),
            "import io.varve.client.*;\npublic class Snippet implements Runnable {\n"
                + "public void run() {\n"
                + snippet.replace("127.0.0.1:4700", target)
                + "}}\n");
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    int compiled =
        compiler.run(
            null,
            null,
            new PrintStream(errors, true, StandardCharsets.UTF_8),
            "-Xlint:all",
            "-Werror",
            "-cp",
            System.getProperty("java.class.path"),
            "-d",
            directory.toString(),
            source.toString());
    assertThat(compiled).as(errors.toString(StandardCharsets.UTF_8)).isZero();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()})) {
      ((Runnable) loader.loadClass("Snippet").getDeclaredConstructor().newInstance()).run();
    }
  }
}
