package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompletionCommandTest {
  @TempDir Path directory;

  @Test
  void bashCompletesCommandsAndFlags() throws Exception {
    assertThat(completions("varve", "ver")).contains("verify");
    assertThat(completions("varve", "cluster", "de")).contains("describe");
    assertThat(completions("varve", "append", "--exp")).contains("--expected-version");
    assertThat(completions("varve", "latest", "--pre")).contains("--prefix").doesNotContain("demo");
    assertThat(completions("varve", "completion", "")).contains("bash", "zsh");
  }

  @Test
  void zshGetsItsCompatibilityLoaded() {
    Cli.Result result = new Cli().run("completion", "zsh");

    assertThat(result.exit()).isZero();
    assertThat(result.out())
        .startsWith("# Completion of varve for zsh.\n")
        .contains("bashcompinit");
  }

  @Test
  void otherShellsAreUsageErrors() {
    assertThat(new Cli().run("completion", "fish").exit()).isEqualTo(2);
    assertThat(new Cli().run("completion").exit()).isEqualTo(2);
  }

  /** What bash would offer for the last of these words. */
  private String completions(String... words) throws IOException, InterruptedException {
    Path script = directory.resolve("completion.bash");
    Files.writeString(script, new Cli().run("completion", "bash").out());
    StringBuilder line = new StringBuilder("source '" + script + "'; COMP_WORDS=(");
    for (String word : words) {
      line.append('\'').append(word).append("' ");
    }
    line.append("); COMP_CWORD=").append(words.length - 1);
    line.append("; \"$(complete -p varve | sed 's/.*-F \\([^ ]*\\) .*/\\1/')\"");
    line.append("; printf '%s\\n' \"${COMPREPLY[@]}\"");
    Process process =
        new ProcessBuilder("bash", "-c", line.toString()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }
}
