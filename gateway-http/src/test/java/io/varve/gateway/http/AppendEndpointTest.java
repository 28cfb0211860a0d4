package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ReadOptions;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AppendEndpointTest extends RouteTest {
  private static final String ONE = "{\"events\":[{\"type\":\"T\",\"data\":{\"a\":1}}]}";

  private String source = "";
  private String at = "";

  @BeforeEach
  void newSource() {
    source = fresh("mine/");
    at = "/v1/events?source=" + Http.encoded(source);
  }

  private List<Event> events() {
    try (EventStream events = log.read(ReadOptions.ofSource(source))) {
      return events.stream().toList();
    }
  }

  @Test
  void anAppendIsAnsweredWithItsPositionsAndTheNewVersion() {
    Http.Answer answer = http.post(at, ONE);

    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    Event event = events().get(0);
    assertThat(event.data().toUtf8()).isEqualTo("{\"a\":1}");
    assertThat(event.clientId()).isEmpty();
    JsonNode json = answer.json();
    assertThat(json.path("outcome").asText()).isEqualTo("appended");
    assertThat(json.path("firstPosition").asLong()).isEqualTo(event.position());
    assertThat(json.path("versions").path(source).asLong()).isEqualTo(1);
    assertThat(json.path("replayed").asBoolean()).isFalse();
    assertThat(answer.header("etag")).isEqualTo("\"1\"");
    assertThat(UUID.fromString(answer.header("varve-append-id"))).isNotNull();
  }

  @Test
  void eventsOfSeveralSourcesLandTogether() {
    String other = fresh("mine/");

    Http.Answer answer =
        http.post(
            "/v1/events",
            "{\"events\":[{\"source\":\""
                + source
                + "\",\"type\":\"A\"},{\"source\":\""
                + other
                + "\",\"type\":\"B\"}]}");

    assertThat(answer.json().path("versions")).hasSize(2);
    assertThat(answer.header("etag")).isEmpty();
    assertThat(log.version(other)).isEqualTo(1);
  }

  @Test
  void anotherContentTypeIsThePayloadAsItIs() {
    byte[] payload = {0, -1, 2};

    Http.Answer answer =
        http.postAs(
            at + "&type=Image&key=k&tag=a&tag=b&sourceType=ST&streamType=S&streamId=I&id=x",
            payload,
            "Content-Type",
            "image/png");

    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    Event event = events().get(0);
    assertThat(event.data().toByteArray()).isEqualTo(payload);
    assertThat(event.contentType()).isEqualTo("image/png");
    assertThat(event.type()).isEqualTo("Image");
    assertThat(event.key()).isEqualTo("k");
    assertThat(event.tags()).containsExactly("a", "b");
    assertThat(event.sourceType()).isEqualTo("ST");
    assertThat(event.streamType()).isEqualTo("S");
    assertThat(event.streamId()).isEqualTo("I");
    assertThat(event.id()).isEqualTo("x");
  }

  @Test
  void ifMatchIsTheVersionTheSourceMustHave() {
    append(source, "First", "{}");

    Http.Answer conflict = http.post(at, ONE, "If-Match", "\"0\"");
    Http.Answer appended = http.post(at, ONE, "If-Match", "\"1\"");

    assertProblem(conflict, 412, "CONFLICT", "");
    JsonNode failed = conflict.json().path("failed").get(0);
    assertThat(failed.path("condition").asInt()).isZero();
    assertThat(failed.path("expected").asLong()).isZero();
    assertThat(failed.path("found").asLong()).isEqualTo(1);
    assertThat(failed.path("source").asText()).isEqualTo(source);
    assertThat(failed.path("type").asText()).isEqualTo("First");
    assertThat(failed.path("position").asLong()).isEqualTo(events().get(0).position());
    assertThat(appended.header("etag")).isEqualTo("\"2\"");
    assertThat(events()).hasSize(2);
  }

  @Test
  void starsAskWhetherTheSourceExists() {
    assertProblem(http.post(at, ONE, "If-Match", "*"), 412, "CONFLICT", "");
    assertThat(http.post(at, ONE, "If-None-Match", "*").status()).isEqualTo(200);
    assertProblem(http.post(at, ONE, "If-None-Match", "*"), 412, "CONFLICT", "");
    assertThat(http.post(at, ONE, "If-Match", "*").status()).isEqualTo(200);
    assertThat(events()).hasSize(2);
  }

  @Test
  void everyConditionThatFailsIsNamed() {
    long first = append(source, "First", "{}");
    String other = fresh("mine/");

    Http.Answer answer =
        http.post(
            at,
            "{\"events\":[{\"type\":\"T\"}],\"conditions\":[{\"source\":\""
                + other
                + "\",\"version\":\"exists\"},{\"source\":\""
                + other
                + "\",\"version\":\"none\"},{\"anyOf\":[{\"source\":\""
                + source
                + "\"}],\"after\":"
                + (first - 1)
                + "}]}",
            "If-Match",
            "\"7\"");

    assertProblem(answer, 412, "CONFLICT", "");
    assertThat(answer.json().path("failed").findValuesAsText("condition"))
        .containsExactly("0", "1", "3");
    assertThat(answer.json().path("failed").get(2).path("found").asLong()).isEqualTo(first);
    assertThat(events()).hasSize(1);
  }

  @Test
  void conditionsAloneAreChecked() {
    Http.Answer answer =
        http.post(
            "/v1/events",
            "{\"conditions\":[{\"source\":\"" + source + "\",\"version\":\"none\"}]}");

    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    assertThat(answer.json().path("firstPosition").asLong()).isZero();
    assertThat(events()).isEmpty();
  }

  @Test
  void theSameKeyIsAnsweredWithTheOriginalAnswerQuotedOrNot() {
    String key = UUID.randomUUID().toString();

    Http.Answer first = http.post(at, ONE, "Idempotency-Key", key);
    Http.Answer again = http.post(at, ONE, "Idempotency-Key", "\"" + key + "\"");

    assertThat(first.header("varve-append-id")).isEqualTo(key);
    assertThat(again.json().path("replayed").asBoolean()).isTrue();
    assertThat(again.json().path("firstPosition")).isEqualTo(first.json().path("firstPosition"));
    assertThat(events()).hasSize(1);
    assertProblem(
        http.post(at, "{\"events\":[{\"type\":\"U\"}]}", "Idempotency-Key", key),
        422,
        "APPEND_ID_REUSED",
        "");
    JsonNode lookup = http.get("/v1/appends/" + key + "?knownPosition=0").json();
    assertThat(lookup.path("outcome").asText()).isEqualTo("appended");
    assertThat(lookup.path("lastPosition")).isEqualTo(first.json().path("lastPosition"));
    assertThat(lookup.path("head").asLong()).isGreaterThan(0);
  }

  @Test
  void anIdThatNobodyUsedIsUnknown() {
    Http.Answer answer = http.get("/v1/appends/" + UUID.randomUUID() + "?knownPosition=0");

    assertThat(answer.json().path("outcome").asText()).isEqualTo("unknown-id");
    assertProblem(
        http.get("/v1/appends/" + UUID.randomUUID()), 400, "INVALID_ARGUMENT", "knownPosition");
    assertProblem(http.get("/v1/appends/7?knownPosition=0"), 400, "INVALID_ARGUMENT", "id");
  }

  @Test
  void whatAnAppendWroteIsShownToThoseWhoMaySeeIt() {
    String key = UUID.randomUUID().toString();
    http.post(
        "/v1/events",
        "{\"events\":[{\"source\":\"other/1\",\"type\":\"T\"}]}",
        "Idempotency-Key",
        key);

    assertProblem(
        http.as(DEVICE).get("/v1/appends/" + key + "?knownPosition=0"),
        403,
        "PERMISSION_DENIED",
        "id");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "If-Match|4|If-Match",
        "If-Match|W/\"4\"|If-Match",
        "If-Match|\"4\", \"5\"|If-Match",
        "If-Match|\"x\"|If-Match",
        "If-Match|\"9223372036854775808\"|If-Match",
        "If-None-Match|\"4\"|If-None-Match",
        "Idempotency-Key|7|Idempotency-Key",
        "Idempotency-Key|\"7|Idempotency-Key",
        "Varve-Known-Position|7|Varve-Known-Position",
      })
  void aHeaderThatCannotBeIsRefused(String name, String value, String field) {
    assertProblem(http.post(at, ONE, name, value), 400, "INVALID_ARGUMENT", field);
    assertThat(events()).isEmpty();
  }

  @Test
  void headersThatContradictEachOtherAreRefused() {
    assertProblem(
        http.post(at, ONE, "If-Match", "*", "If-None-Match", "*"),
        400,
        "INVALID_ARGUMENT",
        "If-None-Match");
    assertProblem(
        http.post("/v1/events", ONE, "If-Match", "*"), 400, "INVALID_ARGUMENT", "If-Match");
  }

  @Test
  void aKnownPositionAboveTheHeadIsOfAnotherHistory() {
    assertProblem(
        http.post(
            at,
            ONE,
            "Idempotency-Key",
            UUID.randomUUID().toString(),
            "Varve-Known-Position",
            "9000000"),
        400,
        "OUT_OF_RANGE",
        "knownPosition");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{}|events",
        "{'events':[{}]}|events[0]",
        "{'events':[{'type':'T','colour':1}]}|events[0].colour",
        "{'events':[{'type':'T','tombstone':true}]}|events[0].tombstone",
        "{'events':{}}|events",
        "{'event':[]}|event",
        "{'conditions':[{}]}|conditions[0].source",
        "{'conditions':[{'source':'mine/s'}]}|conditions[0].version",
        "{'conditions':[{'source':'mine/s','version':-1}]}|conditions[0].version",
        "{'conditions':[{'source':'mine/s','version':'any'}]}|conditions[0].version",
        "{'conditions':[{'source':'mine/s','version':1,'after':3}]}|conditions[0]",
        "{'conditions':[{'anyOf':[{'source':'mine/s'}]}]}|conditions[0]",
        "{'conditions':[{'anyOf':[{'sauce':'s'}],'after':0}]}|conditions[0]",
        "{'conditions':[{'colour':'s'}]}|conditions[0].colour",
      })
  void aMalformedBodyIsRefusedNamingTheField(String body, String field) {
    Http.Answer answer = http.post(at, body.replace('\'', '"'));

    assertProblem(answer, 400, "INVALID_ARGUMENT", field);
  }

  @Test
  void aPayloadThatIsTooLargeIs413() {
    assertProblem(
        http.postAs(at + "&type=T", new byte[(1 << 20) + 1], "Content-Type", "x/y"),
        413,
        "PAYLOAD_TOO_LARGE",
        "events[0].data");
    assertThat(events()).isEmpty();
  }

  @Test
  void parametersOfTheOneEventDoNotGoWithJson() {
    assertProblem(http.post(at + "&type=T", ONE), 400, "INVALID_ARGUMENT", "type");
    assertProblem(http.post(at + "&tag=T", ONE), 400, "INVALID_ARGUMENT", "tag");
    assertProblem(
        http.postAs(at, new byte[0], "Content-Type", "x/y"), 400, "INVALID_ARGUMENT", "type");
    assertProblem(
        http.postAs("/v1/events?type=T", new byte[0], "Content-Type", "x/y"),
        400,
        "INVALID_ARGUMENT",
        "source");
    assertProblem(
        http.postAs(at + "&type=T", new byte[0]), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type");
  }

  @Test
  void whatIsNotGrantedIsNotAppended() {
    Http device = http.as(DEVICE);
    String others = fresh("shared/");

    assertProblem(
        device.post("/v1/events?source=" + Http.encoded(others), ONE),
        403,
        "PERMISSION_DENIED",
        "events[0].source");
    assertProblem(
        device.post("/v1/events?source=_varve%2Fx", ONE),
        403,
        "PERMISSION_DENIED",
        "events[0].source");
    assertProblem(
        http.post("/v1/events?source=_varve%2Fx", ONE),
        403,
        "PERMISSION_DENIED",
        "events[0].source");
    assertProblem(
        device.post(at, ONE.replace("]}", "],\"conditions\":[{\"source\":\"o\",\"version\":1}]}")),
        403,
        "PERMISSION_DENIED",
        "conditions[0].source");
    assertProblem(
        device.post(
            at,
            ONE.replace("]}", "],\"conditions\":[{\"anyOf\":[{\"types\":[\"T\"]}],\"after\":0}]}")),
        403,
        "PERMISSION_DENIED",
        "conditions[0]");
    assertThat(device.post(at, ONE, "If-None-Match", "*").status()).isEqualTo(200);
    assertThat(log.version(others)).isZero();
    assertThat(events()).hasSize(1);
  }

  @Test
  void aServicesAppendWithAVersionFromBeforeADevicesSyncIsRefusedNamingTheDevicesEvent() {
    http.post(at, ONE);
    String run =
        "{\"bufferId\":\""
            + fresh("b")
            + "\",\"events\":[{\"clientSeq\":1,\"source\":\""
            + source
            + "\",\"type\":\"Painted\"}]}";
    Http.Answer pushed = http.as(DEVICE).post("/v1/push", run);

    Http.Answer refused = http.post(at, ONE, "If-Match", "\"1\"");

    assertProblem(refused, 412, "CONFLICT", "");
    JsonNode failed = refused.json().path("failed").get(0);
    assertThat(failed.path("type").asText()).isEqualTo("Painted");
    assertThat(failed.path("position"))
        .isEqualTo(pushed.json().path("positions").get(0).path("position"));
  }

  @Test
  void textIsTakenAsItIs() {
    http.postAs(
        at + "&type=T",
        "\u00fc".getBytes(StandardCharsets.UTF_8),
        "Content-Type",
        "text/plain; charset=utf-8");

    assertThat(events().get(0).data().toUtf8()).isEqualTo("\u00fc");
  }
}
