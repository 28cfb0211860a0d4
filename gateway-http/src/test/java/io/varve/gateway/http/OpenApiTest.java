package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The running gateway against the document it serves. */
class OpenApiTest extends RouteTest {
  private final OpenApi api = OpenApi.ofClassPath();

  /**
   * What parts outside this package serve: WholeGatewayOpenApiTest holds them against the document.
   */
  private static boolean elsewhere(String operation) {
    return operation.contains("/v1/stream") || operation.contains("/v1/identity");
  }

  static Stream<String> operations() {
    return OpenApi.ofClassPath().operations().stream().filter(operation -> !elsewhere(operation));
  }

  @Test
  void theGatewayServesTheDocument() {
    Http.Answer answer = http.as("").get("/openapi.json");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("content-type")).isEqualTo("application/json");
    assertThat(answer.json()).isEqualTo(api.document());
  }

  @ParameterizedTest
  @MethodSource("operations")
  void everyDocumentedRouteExists(String operation) {
    int blank = operation.indexOf(' ');
    String path = operation.substring(blank + 1).replace("{position}", "x").replace("{id}", "x");

    Http.Answer answer = http.send(operation.substring(0, blank), path, Optional.empty());

    assertThat(answer.status()).as(answer.toString()).isNotIn(404, 405);
  }

  @Test
  void everyAnswerOfAnExerciseOfAllRoutesIsAsDocumented() {
    Set<String> exercised = new TreeSet<>();
    Http watched =
        http.watched(
            answer -> {
              api.assertDocumented(answer);
              api.operationOf(answer.method(), answer.path()).ifPresent(exercised::add);
            });

    exercise(watched);

    assertThat(exercised).containsAll(operations().toList());
  }

  /** Everything that routes answer: results, conflicts, refusals. */
  private void exercise(Http client) {
    String source = fresh("mine/");
    String encoded = Http.encoded(source);
    String buffer = fresh("b");
    String run =
        "\"bufferId\":\""
            + buffer
            + "\",\"events\":[{\"clientSeq\":1,\"source\":\""
            + source
            + "\",\"type\":\"T\",\"key\":\"k\",\"data\":{\"a\":[1,null]},\"tags\":[\"x:1\"],"
            + "\"metadata\":{\"m\":1},\"occurred\":\"2026-11-21T10:15:30Z\",\"id\":\"i\"},"
            + "{\"clientSeq\":2,\"void\":true}]}";
    Http.Answer pushed = client.post("/v1/push", "{\"clientId\":\"c\"," + run);
    long position = pushed.json().path("positions").get(0).path("position").asLong();
    client.post("/v1/push", "{" + run);
    client.as("").post("/v1/push", "{}");
    client.as(NOBODY).post("/v1/push", "{" + run);
    client.post("/v1/push", "{\"clientId\":\"c\"," + run.replace("\"k\"", "\"l\""));
    client.post(
        "/v1/push",
        "{\"clientId\":\"c\","
            + run.replace("\":1,\"so", "\":9,\"so").replace("Seq\":2", "Seq\":10"));
    client.post("/v1/push?logIdentity=" + UUID.randomUUID(), "{\"clientId\":\"c\"," + run);
    client.postAs("/v1/push", new byte[0], "Content-Type", "text/plain");
    client.get("/v1/origin?clientId=c&bufferId=" + buffer);
    client.get("/v1/origin");

    client.get("/v1/events");
    String tag = client.get("/v1/events?limit=1").header("etag");
    client.get("/v1/events?limit=1", "If-None-Match", tag);
    client.get("/v1/events?order=desc&source=" + encoded);
    client.get("/v1/events?x=1");
    client.as(NOBODY).get("/v1/events");

    String at = "/v1/events?source=" + encoded;
    String key = UUID.randomUUID().toString();
    client.post(at, "{\"events\":[{\"type\":\"U\"}]}", "If-Match", "\"1\"", "Idempotency-Key", key);
    client.post(at, "{\"events\":[{\"type\":\"V\"}]}", "Idempotency-Key", key);
    client.post(
        at,
        "{\"events\":[{\"type\":\"U\"}],\"conditions\":[{\"source\":\""
            + source
            + "\",\"version\":\"none\"},{\"anyOf\":[{\"source\":\""
            + source
            + "\"}],\"after\":0}]}",
        "If-Match",
        "\"1\"");
    client.postAs(at + "&type=Image&tag=a&tag=b", new byte[] {1, 2}, "Content-Type", "image/png");
    client.post(at, "{}", "If-Match", "4");
    client.post(at, "{\"events\":[{\"type\":\"T\",\"data\":\"" + "x".repeat(1 << 20) + "\"}]}");
    client.get("/v1/appends/" + key + "?knownPosition=1");
    client.get("/v1/appends/" + UUID.randomUUID() + "?knownPosition=1");
    client.get("/v1/appends/x?knownPosition=1");

    client.get("/v1/events/" + position);
    client.get("/v1/events/" + position + "/data");
    client.get("/v1/events/9000000");
    client.get("/v1/events/9000000/data");
    client.as(NOBODY).get("/v1/events/" + position);
    client.get("/v1/source?source=" + encoded);
    client.get("/v1/source?source=" + encoded, "If-None-Match", "\"3\"");
    client.get("/v1/source?source=" + fresh("none/"));
    client.get("/v1/sources?prefix=mine%2F&limit=1");
    client.get("/v1/latest?source=" + encoded);
    client.get("/v1/head");
    client.get("/v1/cluster");
    client.as(NOBODY).get("/v1/cluster");
    client.get("/v1/stats");
    client.as(NOBODY).get("/v1/stats");
    client.get("/live");
    client.get("/ready");
    client.get("/metrics");
    client.get("/openapi.json");
  }

  @Test
  void theComparisonFindsWhatIsNotDocumented() throws Exception {
    ObjectNode poorer = api.document().deepCopy();
    ((ObjectNode) poorer.at("/components/schemas/Head/properties")).remove("head");
    ((ObjectNode) poorer.at("/paths/~1v1~1source/get/responses")).remove("400");
    OpenApi seeded = new OpenApi(poorer);

    assertThatThrownBy(() -> seeded.assertDocumented(http.get("/v1/head")))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("head");
    assertThatThrownBy(() -> seeded.assertDocumented(http.get("/v1/source")))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("status");
    assertThatThrownBy(() -> seeded.assertDocumented(http.get("/v1/unheard-of")))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void everyReferenceOfTheDocumentLeadsSomewhere() {
    List<JsonNode> references = api.document().findValues("$ref");

    assertThat(references).isNotEmpty();
    for (JsonNode reference : references) {
      assertThat(api.document().at(reference.asText().substring(1)).isMissingNode())
          .as(reference.asText())
          .isFalse();
    }
  }

  @Test
  void requestsThatTheGatewayTakesAreAsDocumented() throws Exception {
    ObjectMapper json = new ObjectMapper();
    JsonNode schema = api.document().at("/components/schemas/PushRequest");

    assertThat(
            api.schema(schema)
                .validate(
                    json.readTree(
                        "{\"bufferId\":\"b\",\"events\":[{\"clientSeq\":1,\"source\":\"s\","
                            + "\"type\":\"T\"},{\"clientSeq\":2,\"void\":true}]}")))
        .isEmpty();
    assertThat(
            api.schema(schema)
                .validate(json.readTree("{\"bufferId\":\"b\",\"events\":[{\"void\":true}]}")))
        .isNotEmpty();
  }
}
