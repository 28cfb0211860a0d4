package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The document of the API, and whether answers are as it says. */
final class OpenApi {
  private static final String PATH = "/io/varve/gateway/static/openapi.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final JsonNode document;
  private final SchemaRegistry schemas =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  OpenApi(JsonNode document) {
    this.document = document;
  }

  static OpenApi ofClassPath() {
    try (InputStream in = OpenApi.class.getResourceAsStream(PATH)) {
      return new OpenApi(JSON.readTree(in));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  JsonNode document() {
    return document;
  }

  /** Every operation: {@code GET /v1/head}. */
  List<String> operations() {
    List<String> operations = new ArrayList<>();
    for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
      for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
        operations.add(method.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey());
      }
    }
    return operations;
  }

  /** The operation that a request is of. */
  Optional<String> operationOf(String method, String path) {
    String plain = URI.create(path).getRawPath();
    return operations().stream()
        .filter(operation -> operation.startsWith(method + " "))
        .filter(
            operation ->
                Pattern.matches(
                    operation.substring(method.length() + 1).replaceAll("\\{[a-z]+\\}", "[^/]+"),
                    plain))
        .findFirst();
  }

  /** Passes if an answer's status, media type and JSON are documented. */
  void assertDocumented(Http.Answer answer) {
    String operation =
        operationOf(answer.method(), answer.path())
            .orElseThrow(() -> new AssertionError("not documented: " + answer));
    int blank = operation.indexOf(' ');
    JsonNode responses =
        document
            .path("paths")
            .path(operation.substring(blank + 1))
            .path(operation.substring(0, blank).toLowerCase(Locale.ROOT))
            .path("responses");
    JsonNode response = resolved(responses.path(Integer.toString(answer.status())));
    if (response.isMissingNode() && answer.status() >= 500) {
      response = resolved(responses.path("default"));
    }
    assertThat(response.isMissingNode()).as("status of " + answer).isFalse();
    for (String header : fieldNames(response.path("headers"))) {
      // These two are there where they belong only.
      if (!header.equals("Retry-After") && !header.equals("Set-Cookie")) {
        assertThat(answer.header(header)).as(header + " of " + answer).isNotEmpty();
      }
    }
    JsonNode content = response.path("content");
    if (content.isMissingNode()) {
      assertThat(answer.response().body()).as(answer.toString()).isEmpty();
      return;
    }
    String type = answer.header("content-type").replaceAll(";.*", "");
    JsonNode media = content.has(type) ? content.path(type) : content.path("*/*");
    assertThat(media.isMissingNode()).as(type + " of " + answer).isFalse();
    if (type.endsWith("json")) {
      assertThat(schema(media.path("schema")).validate(answer.json()))
          .as(answer.toString())
          .isEmpty();
    }
  }

  /** A schema of the document, its references within reach. */
  Schema schema(JsonNode schema) {
    ObjectNode root = schema.deepCopy();
    root.set("components", document.path("components"));
    return schemas.getSchema(root);
  }

  private JsonNode resolved(JsonNode node) {
    return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
  }

  private static List<String> fieldNames(JsonNode node) {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }
}
