package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.varve.gateway.Gateway;
import io.varve.gateway.TestCallers;
import io.varve.gateway.TestGateway;
import io.varve.testkit.EmbeddedVarve;
import io.varve.testkit.VarveTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands of {@code docs/http-api.md}, run in their order against a gateway before an empty
 * log: each succeeds, and answers what the page shows.
 */
@VarveTest
class HttpApiDocTest {
  private static final Path PAGE = Path.of("..", "docs", "http-api.md");
  private static final Pattern BLOCK =
      Pattern.compile(
          "^```sh\\n(.*?)^```\\n\\n```json\\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What differs from run to run. */
  private static final List<String> VARIABLE = List.of("logIdentity", "recorded");

  @Test
  void everyCommandAnswersWhatThePageShows(EmbeddedVarve varve, @TempDir Path directory)
      throws Exception {
    TestCallers callers = new TestCallers().client("client-1", List.of("*"), List.of("*"));
    List<String> commands = new ArrayList<>();
    try (Gateway gateway = TestGateway.start(varve.target(), callers)) {
      Matcher blocks = BLOCK.matcher(Files.readString(PAGE));
      while (blocks.find()) {
        commands.add(blocks.group(1));
        String answer = run(gateway, blocks.group(1), directory);
        assertThat(comparable(answer)).as(blocks.group(1)).isEqualTo(comparable(blocks.group(2)));
      }
    }
    assertThat(commands).hasSizeGreaterThan(15);
  }

  @Test
  void everyCommandOfThePageHasAnAnswer() throws IOException {
    String page = Files.readString(PAGE);

    assertThat(page.split("```sh\n", -1).length - 1)
        .isEqualTo((int) BLOCK.matcher(page).results().count());
  }

  @Test
  void thePageNamesEveryRouteAndProblem() throws IOException {
    String page = Files.readString(PAGE);

    for (String operation : OpenApi.ofClassPath().operations()) {
      String path = operation.substring(operation.indexOf(' ') + 1).replaceAll("/\\{.*", "");
      assertThat(page).contains(path);
    }
    OpenApi.ofClassPath()
        .document()
        .at("/components/schemas/Problem/properties/code/enum")
        .forEach(
            code -> {
              if (!List.of("INTERNAL", "UNIMPLEMENTED").contains(code.asText())) {
                assertThat(page).contains("`" + code.asText() + "`");
              }
            });
  }

  private static String run(Gateway gateway, String script, Path directory) throws Exception {
    Path errors = directory.resolve("errors");
    ProcessBuilder shell = new ProcessBuilder("bash", "-euo", "pipefail", "-c", script);
    String base = gateway.uri().toString();
    shell.environment().put("VARVE", base.substring(0, base.length() - 1));
    shell.environment().put("TOKEN", "client-1");
    shell.environment().put("no_proxy", "*");
    Process process = shell.redirectError(errors.toFile()).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).as(script).isTrue();
    assertThat(process.exitValue())
        .as(script + "\n" + output + "\n" + Files.readString(errors))
        .isZero();
    return output;
  }

  private static JsonNode comparable(String json) throws IOException {
    JsonNode node = JSON.readTree(json);
    blank(node);
    return node;
  }

  private static void blank(JsonNode node) {
    if (node instanceof ObjectNode object) {
      for (String field : VARIABLE) {
        if (object.has(field)) {
          object.put(field, "");
        }
      }
    }
    node.forEach(HttpApiDocTest::blank);
  }
}
