package io.varve.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * What {@code kubectl kustomize} makes of a directory, for tests.
 *
 * @param objects the objects, in the order they are printed
 */
public record Manifest(List<JsonNode> objects) {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  public Manifest {
    objects = List.copyOf(objects);
  }

  /** Nothing. */
  public static Manifest empty() {
    return new Manifest(List.of());
  }

  /**
   * What a command prints at the root of the repository. Where there is no such program, the test
   * is skipped, unless {@code -Dvarve.kubectl.required=true} says that there must be.
   *
   * @param command the command, its words separated by blanks
   */
  public static Manifest rendered(String command) throws IOException, InterruptedException {
    Process process;
    try {
      process =
          new ProcessBuilder(command.split(" "))
              .directory(ROOT.toFile())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
    } catch (IOException e) {
      if (Boolean.getBoolean("varve.kubectl.required")) {
        throw e;
      }
      Assumptions.abort("SKIPPED: there is no kubectl here to run '" + command + "'");
      return empty();
    }
    process.getOutputStream().close();
    byte[] rendered = process.getInputStream().readAllBytes();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).isZero();
    List<JsonNode> read = new ArrayList<>();
    YAML.readerFor(JsonNode.class)
        .<JsonNode>readValues(new String(rendered, StandardCharsets.UTF_8))
        .forEachRemaining(read::add);
    return new Manifest(read);
  }

  /** The only object of a kind. */
  public JsonNode only(String kind) {
    List<JsonNode> found = ofKind(kind);
    assertThat(found).as(kind).hasSize(1);
    return found.get(0);
  }

  /** The object of a kind and a name. */
  public JsonNode named(String kind, String name) {
    return ofKind(kind).stream()
        .filter(object -> object.at("/metadata/name").asText().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("there is no " + kind + " " + name));
  }

  private List<JsonNode> ofKind(String kind) {
    return objects.stream().filter(object -> object.path("kind").asText().equals(kind)).toList();
  }
}
