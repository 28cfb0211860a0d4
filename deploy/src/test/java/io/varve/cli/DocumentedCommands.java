package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs the commands of a page as a shell does, with {@code ./varve} as this build of it. */
final class DocumentedCommands {
  private final Path directory;

  /**
   * Commands that run in a directory.
   *
   * @param directory where; gets a launcher
   */
  DocumentedCommands(Path directory) throws IOException {
    this.directory = directory;
    Path launcher = directory.resolve("varve");
    Files.writeString(
        launcher,
        "#!/bin/bash\nexec '"
            + Path.of(System.getProperty("java.home"), "bin", "java")
            + "' -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '"
            + System.getProperty("java.class.path")
            + "' io.varve.cli.Varve \"$@\"\n");
    assertThat(launcher.toFile().setExecutable(true)).isTrue();
  }

  /** Runs a script, every command of which must succeed, and returns what it printed. */
  String run(String script, Map<String, String> environment)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", "set -e\n" + script)
            .directory(directory.toFile())
            .redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  /** A page's code in one language, block by block. */
  static List<String> blocks(Path document, String language) throws IOException {
    List<String> blocks = new ArrayList<>();
    Matcher block =
        Pattern.compile("(?ms)^```" + language + "\n(.*?)^```$")
            .matcher(Files.readString(document));
    while (block.find()) {
      blocks.add(block.group(1));
    }
    return blocks;
  }
}
