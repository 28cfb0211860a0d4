package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every command teaches by example, and every example is one that the command line takes. */
class HelpExamplesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "append",
        "read",
        "tail",
        "source",
        "head",
        "latest",
        "import",
        "export",
        "verify",
        "cluster describe",
        "token keygen",
        "token register",
        "token grant",
        "token revoke",
        "token list",
        "bench gateway"
      })
  void examplesAreTaken(String command) throws Exception {
    List<String> examples =
        new Cli()
            .run((command + " --help").split(" ")).lines().stream()
                .filter(line -> line.startsWith("  varve "))
                .toList();

    assertThat(examples).anyMatch(example -> example.startsWith("  varve " + command));
    for (String example : examples) {
      List<String> words = new ArrayList<>(words(example.split(" [|>#] | >|  #", 2)[0]));
      assertThat(words.remove(0)).isEqualTo("varve");
      // Everything is read, and nothing done.
      words.add("--help");
      Cli.Result result = new Cli().run(words.toArray(String[]::new));
      assertThat(result.exit()).as(example + "\n" + result.err()).isZero();
    }
  }

  /** What a shell makes of a line. */
  private static List<String> words(String line) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("bash", "-c", "printf '%s\\0' " + line).start();
    process.getOutputStream().close();
    String words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return Arrays.asList(words.split("\0"));
  }
}
