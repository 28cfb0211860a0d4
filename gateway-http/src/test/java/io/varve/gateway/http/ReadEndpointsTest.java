package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.varve.client.NewEvent;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code /v1/events/…}, {@code /v1/source(s)}, {@code /v1/latest}, {@code /v1/head}, {@code
 * /v1/origin}, {@code /v1/cluster}.
 */
class ReadEndpointsTest extends RouteTest {

  private static String source(String path, String source) {
    return path + "?source=" + Http.encoded(source);
  }

  @Test
  void anEventIsShownAndKnownByItsTag() {
    long position = append(fresh("shared/"), "T", "{\"a\":1}");

    Http.Answer answer = http.as(DEVICE).get("/v1/events/" + position);

    assertThat(answer.json().path("position").asLong()).isEqualTo(position);
    assertThat(answer.json().path("data").path("a").asInt()).isEqualTo(1);
    assertThat(answer.header("cache-control")).isEqualTo("private, no-cache");
    assertThat(http.get("/v1/events/" + position, "If-None-Match", answer.header("etag")).status())
        .isEqualTo(304);
  }

  @Test
  void aPayloadIsServedSoThatNoBrowserRunsIt() {
    byte[] page = "<script>alert(1)</script>".getBytes(StandardCharsets.UTF_8);
    long position =
        log.append(
                NewEvent.builder(fresh("shared/"), "T").contentType("text/html").data(page).build())
            .orThrow()
            .lastPosition();

    Http.Answer answer = http.get("/v1/events/" + position + "/data");

    assertThat(answer.response().body()).isEqualTo(page);
    assertThat(answer.header("content-type")).isEqualTo("text/html");
    assertThat(answer.header("x-content-type-options")).isEqualTo("nosniff");
    assertThat(answer.header("content-security-policy")).isEqualTo("sandbox; default-src 'none'");
    assertThat(answer.header("content-disposition")).isEqualTo("attachment");
    assertThat(answer.header("etag")).startsWith("\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nonsense|application/octet-stream",
        "text/html\\r\\nSet-Cookie: a=b|application/octet-stream",
        "\u00fc/x|application/octet-stream",
        "*/*|application/octet-stream",
        "|application/octet-stream",
        "image/png|image/png",
      })
  void aContentTypeCannotEndItsHeader(String type, String served) {
    String stored = Optional.ofNullable(type).orElse("").replace("\\r", "\r").replace("\\n", "\n");
    long position =
        log.append(NewEvent.builder(fresh("shared/"), "T").contentType(stored).data("x").build())
            .orThrow()
            .lastPosition();

    Http.Answer answer = http.get("/v1/events/" + position + "/data");

    assertThat(answer.header("content-type")).isEqualTo(served);
    assertThat(answer.header("set-cookie")).isEmpty();
  }

  @Test
  void anEventThatIsNotThereIs404() {
    assertProblem(http.get("/v1/events/9000000"), 404, "NOT_FOUND", "position");
    assertProblem(http.get("/v1/events/9000000/data"), 404, "NOT_FOUND", "position");
    assertProblem(http.get("/v1/events/0"), 400, "INVALID_ARGUMENT", "position");
    assertProblem(http.get("/v1/events/x"), 400, "INVALID_ARGUMENT", "position");
    assertProblem(http.get("/v1/events/1?x=1"), 400, "INVALID_ARGUMENT", "x");
  }

  @Test
  void anEventOfAnotherSourceIsNotShownNorItsSourceNamed() {
    String secret = fresh("secret/");
    long position = append(secret, "T", "{}");

    Http.Answer answer = http.as(DEVICE).get("/v1/events/" + position);

    assertProblem(answer, 403, "PERMISSION_DENIED", "position");
    assertThat(answer.text()).doesNotContain("secret");
    assertThat(http.as(DEVICE).get("/v1/events/" + position + "/data").status()).isEqualTo(403);
  }

  @Test
  void aSourceStandsAtItsVersion() {
    String source = fresh("shared/");
    assertThat(http.get(source("/v1/source", source)).json().path("version").asLong()).isZero();
    long position = append(source, "T", "{}");

    Http.Answer answer = http.as(DEVICE).get(source("/v1/source", source));

    assertThat(answer.header("etag")).isEqualTo("\"1\"");
    assertThat(answer.json().path("source").asText()).isEqualTo(source);
    assertThat(answer.json().path("lastPosition").asLong()).isEqualTo(position);
    assertThat(answer.json().path("head").asLong()).isGreaterThanOrEqualTo(position);
    assertThat(http.get(source("/v1/source", source), "If-None-Match", "W/\"1\"").status())
        .isEqualTo(304);
    assertThat(http.get(source("/v1/source", source), "If-None-Match", "\"0\"").status())
        .isEqualTo(200);
  }

  @Test
  void sourcesAreListedPageByPage() {
    String prefix = fresh("shared/");
    for (String name : new String[] {"/a", "/b", "/c"}) {
      append(prefix + name, "T", "{}");
    }
    String path = "/v1/sources?limit=2&prefix=" + Http.encoded(prefix);

    JsonNode first = http.as(DEVICE).get(path).json();
    JsonNode second = http.get(path + "&after=" + Http.encoded(first.path("next").asText())).json();

    assertThat(first.path("sources").findValuesAsText("source"))
        .containsExactly(prefix + "/a", prefix + "/b");
    assertThat(first.path("more").asBoolean()).isTrue();
    assertThat(second.path("sources").findValuesAsText("source")).containsExactly(prefix + "/c");
    assertThat(second.path("more").asBoolean()).isFalse();
  }

  @Test
  void theGatewaysOwnSourcesAreForThoseWhoReadEverything() {
    String own = "_varve/" + UUID.randomUUID();
    append(own, "T", "{}");

    assertThat(http.get("/v1/sources?prefix=_varve%2F").text()).contains(own);
    for (String path :
        new String[] {
          "/v1/sources?prefix=_varve%2F", source("/v1/source", own), source("/v1/latest", own)
        }) {
      assertThat(http.as(DEVICE).get(path).status()).as(path).isEqualTo(403);
    }
  }

  @Test
  void theNewestEventOfEachKeyIsShown() {
    String source = fresh("shared/");
    for (String key : new String[] {"a", "b", "b", "c"}) {
      log.append(NewEvent.builder(source, "T").key(key).data("{}").build());
    }
    String path = source("/v1/latest", source);

    JsonNode first = http.as(DEVICE).get(path + "&limit=2").json();
    JsonNode second =
        http.get(
                path
                    + "&afterKey="
                    + first.path("lastKey").asText()
                    + "&asOf="
                    + first.path("asOf").asLong())
            .json();

    assertThat(first.path("events").findValuesAsText("key")).containsExactly("a", "b");
    assertThat(first.path("events").get(1).path("version").asLong()).isEqualTo(3);
    assertThat(first.path("more").asBoolean()).isTrue();
    assertThat(second.path("events").findValuesAsText("key")).containsExactly("c");
    assertThat(second.path("asOf")).isEqualTo(first.path("asOf"));
    assertThat(http.get(path + "&prefix=c").json().path("events")).hasSize(1);
    String tag = http.get(path).header("etag");
    assertThat(tag).startsWith("W/");
    assertThat(http.get(path, "If-None-Match", tag).status()).isEqualTo(304);
  }

  @Test
  void theHeadIsTheNewestPosition() {
    long position = append(fresh("shared/"), "T", "{}");

    JsonNode head = http.as(NOBODY).get("/v1/head").json();

    assertThat(head.path("head").asLong()).isGreaterThanOrEqualTo(position);
    assertThat(head.path("recorded").asText()).endsWith("Z");
    assertThat(http.get("/v1/head?consistency=local&atLeast=" + position).status()).isEqualTo(200);
  }

  @Test
  void aBuffersProgressIsItsClientsBusiness() {
    assertThat(http.as(DEVICE).get("/v1/origin?bufferId=b").json().path("landedThrough").asLong())
        .isZero();
    assertProblem(
        http.as(DEVICE).get("/v1/origin?bufferId=b&clientId=other"),
        403,
        "PERMISSION_DENIED",
        "clientId");
    assertProblem(http.get("/v1/origin?bufferId=b"), 400, "INVALID_ARGUMENT", "clientId");
    assertProblem(http.get("/v1/origin?clientId=c"), 400, "INVALID_ARGUMENT", "bufferId");
  }

  @Test
  void theClusterIsShownToThoseWhoReadEverything() {
    JsonNode cluster = http.get("/v1/cluster").json();

    assertThat(cluster.path("members")).hasSize(1);
    JsonNode member = cluster.path("members").get(0);
    assertThat(member.path("role").asText()).isEqualTo("leader");
    assertThat(member.path("id")).isEqualTo(cluster.path("leader"));
    assertThat(member.path("lag").asLong()).isZero();
    assertProblem(http.as(DEVICE).get("/v1/cluster"), 403, "PERMISSION_DENIED", "");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/source|source",
        "/v1/source?source=|source",
        "/v1/source?source=a&x=1|x",
        "/v1/sources?limit=0|limit",
        "/v1/latest|source",
        "/v1/latest?source=a&limit=1001|limit",
        "/v1/latest?source=a&asOf=-1|asOf",
        "/v1/head?consistency=x|consistency",
        "/v1/head?source=a|source",
        "/v1/cluster?x=1|x",
        "/v1/stats?x=1|x",
      })
  void whatCannotBeAskedForIsRefused(String path, String field) {
    assertProblem(http.get(path), 400, "INVALID_ARGUMENT", field);
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/push",
    "/v1/origin",
    "/v1/events",
    "/v1/events/1",
    "/v1/events/1/data",
    "/v1/appends/x",
    "/v1/source",
    "/v1/sources",
    "/v1/latest",
    "/v1/head",
    "/v1/cluster",
    "/v1/stats"
  })
  void nothingIsToldToStrangers(String path) {
    String method = path.equals("/v1/push") ? "POST" : "GET";

    assertProblem(http.as("").send(method, path, Optional.empty()), 401, "UNAUTHENTICATED", "");
    assertThat(http.as("").send(method, path, Optional.empty()).header("www-authenticate"))
        .startsWith("Bearer");
  }
}
