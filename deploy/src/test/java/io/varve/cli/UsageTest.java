package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "append --help",
        "read --help",
        "tail --help",
        "source --help",
        "head --help",
        "latest --help",
        "import --help",
        "export --help",
        "verify --help",
        "completion --help",
        "cluster --help",
        "cluster describe --help",
        "token --help",
        "token keygen --help",
        "token register --help",
        "token grant --help",
        "token revoke --help",
        "token list --help",
        "bench --help",
        "bench append --help",
        "bench read --help",
        "bench subscribe --help",
        "--json head -h"
      })
  void helpIsDoneAndStandsOnStandardOutput(String line) {
    Cli.Result result = new Cli().run(line.split(" "));

    assertThat(result.exit()).isZero();
    assertThat(result.out()).startsWith("Usage: varve");
    assertThat(result.err()).isEmpty();
  }

  static Stream<Arguments> mistakes() {
    String filter = "{\"anyOf\":[{\"source\":\"s\"}]}";
    return Stream.of(
        mistake("a command is missing"),
        mistake("a command is missing", "cluster"),
        mistake("a command is missing", "token"),
        mistake("Missing required option: '--out=FILE'", "token", "keygen"),
        mistake("name one of --client and --jti", "token", "revoke"),
        mistake("--client: a client's id is", "token", "revoke", "--client", "x"),
        mistake("Invalid value for option '--jti'", "token", "revoke", "--jti", "x"),
        mistake(
            "name at least one of --read, --append, --name",
            "token",
            "grant",
            "--client",
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        mistake(
            "--read, --append: a prefix to append covers whatever begins with it: write 'a/'",
            "token",
            "register",
            "--public-key",
            "x",
            "--append",
            "a/*"),
        mistake("'nonsense'", "nonsense"),
        mistake("Unknown option: '--nonsense'", "head", "--nonsense"),
        mistake("Missing required options: '--source=S', '--type=T'", "append"),
        mistake("--expected-version is a version", append("--expected-version", "-1")),
        mistake("--expected-version is a version", append("--expected-version", "some")),
        mistake("--scope: a scope needs \"after\"", append("--scope", filter)),
        mistake("--data is not JSON", append("--data", "{")),
        mistake("--known-position needs --append-id", append("--known-position", "1")),
        mistake("Invalid value for option '--append-id'", append("--append-id", "x")),
        mistake("exclude each other", "read", "--source", "s", "--filter", filter),
        mistake(
            "--filter: an item has no field 'tag'",
            "read",
            "--filter",
            "{\"anyOf\":[{\"tag\":\"x\"}]}"),
        mistake("--from: the first position is 1", "read", "--from", "0"),
        mistake("--limit must be 1 or more", "read", "--limit", "0"),
        mistake("--from is a position (1 or more) or 'head'", "tail", "--from", "now"),
        mistake("Missing required parameter: 'S'", "source"),
        mistake("--in-flight must be 1 to 65536: 0", "bench", "append", "--in-flight", "0"),
        mistake("--sources must be 256", "bench", "append", "--sources", "255"),
        mistake("--seconds must be more than 0", "bench", "append", "--seconds", "0"),
        mistake("--tls-cert and --tls-key go together", "head", "--tls-cert", "x"));
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void mistakesAreUsageErrorsThatSayWhatIsWrong(String why, String[] arguments) {
    Cli.Result result = new Cli().run(arguments);

    assertThat(result.err()).startsWith("varve: ").contains(why).contains("--help'");
    assertThat(result.exit()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
  }

  @Test
  void withJsonMistakesAreResultsToo() {
    Cli.Result result = new Cli().run("--json", "read", "--limit", "0");

    assertThat(result.exit()).isEqualTo(2);
    assertThat(result.onlyJson().get("outcome").asText()).isEqualTo("error");
    assertThat(result.onlyJson().get("code").asText()).isEqualTo("USAGE");
    assertThat(result.onlyJson().get("message").asText()).contains("--limit must be 1 or more");
    assertThat(result.onlyJson().get("field").asText()).isEmpty();
  }

  private static String[] append(String... more) {
    return Stream.concat(Stream.of("append", "--source", "s", "--type", "T"), Stream.of(more))
        .toArray(String[]::new);
  }

  private static Arguments mistake(String why, String... arguments) {
    return Arguments.of(why, arguments);
  }
}
