package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ReadOptions;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PushEndpointTest extends RouteTest {
  private String buffer = "";
  private String source = "";

  @BeforeEach
  void newBuffer() {
    buffer = fresh("buffer-");
    source = fresh("mine/");
  }

  private Http.Answer push(String events) {
    return http.as(DEVICE)
        .post("/v1/push", "{\"bufferId\":\"" + buffer + "\",\"events\":[" + events + "]}");
  }

  private String event(long number) {
    return event(number, "");
  }

  private String event(long number, String more) {
    return "{\"clientSeq\":"
        + number
        + ",\"source\":\""
        + source
        + "\",\"type\":\"Painted\""
        + more
        + "}";
  }

  private List<Event> landed() {
    try (EventStream events = log.read(ReadOptions.ofSource(source))) {
      return events.stream().toList();
    }
  }

  @Test
  void aRunLandsInOrderWithItsOrigin() {
    Http.Answer answer =
        push(
            event(1, ",\"key\":\"3,4\",\"data\":{\"colour\" : 1.50}")
                + ",{\"clientSeq\":2,\"void\":true},"
                + event(3, ",\"dataBase64\":\"AAEC\",\"contentType\":\"image/x\""));

    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    List<Event> landed = landed();
    assertThat(landed).hasSize(2);
    assertThat(landed.get(0).data().toUtf8()).isEqualTo("{\"colour\":1.50}");
    assertThat(landed.get(0).key()).isEqualTo("3,4");
    assertThat(landed.get(1).data().toByteArray()).containsExactly(0, 1, 2);
    assertThat(landed)
        .allSatisfy(
            event -> {
              assertThat(event.clientId()).isEqualTo(DEVICE);
              assertThat(event.bufferId()).isEqualTo(buffer);
            });
    assertThat(landed.get(1).clientSequence()).isEqualTo(3);
    JsonNode json = answer.json();
    assertThat(json.path("logIdentity").asText())
        .isEqualTo(log.logIdentity().orElseThrow().toString())
        .isEqualTo(answer.header("Varve-Log-Identity"));
    assertThat(json.path("clientId").asText()).isEqualTo(DEVICE);
    assertThat(json.path("bufferId").asText()).isEqualTo(buffer);
    assertThat(json.path("landedThrough").asLong()).isEqualTo(3);
    assertThat(json.path("head").asLong()).isGreaterThanOrEqualTo(landed.get(1).position());
    assertThat(json.path("positions").toString())
        .isEqualTo(
            "[{\"clientSeq\":1,\"position\":"
                + landed.get(0).position()
                + "},{\"clientSeq\":2,\"position\":0},{\"clientSeq\":3,\"position\":"
                + landed.get(1).position()
                + "}]");
  }

  @Test
  void aRunThatIsSentAgainHoweverCutLandsOnceAndIsAnsweredWithItsPositions() {
    Http.Answer first = push(event(1) + "," + event(2));

    Http.Answer again = push(event(1) + "," + event(2));
    Http.Answer cut = push(event(2) + "," + event(3));

    assertThat(landed()).extracting(Event::clientSequence).containsExactly(1L, 2L, 3L);
    assertThat(again.json().path("positions")).isEqualTo(first.json().path("positions"));
    assertThat(cut.json().path("positions").get(0))
        .isEqualTo(first.json().path("positions").get(1));
    assertThat(cut.json().path("landedThrough").asLong()).isEqualTo(3);
  }

  @Test
  void numbersThatAreMissingAreAskedFor() {
    push(event(1));

    Http.Answer gap = push(event(4));

    assertProblem(gap, 409, "SEQUENCE_GAP", "");
    assertThat(gap.json().path("expectedSeq").asLong()).isEqualTo(2);
    assertThat(landed()).hasSize(1);
  }

  @Test
  void anotherEventUnderANumberThatLandedIsRefusedByThatNumber() {
    push(event(1) + "," + event(2));

    Http.Answer diverged = push(event(1) + "," + event(2, ",\"key\":\"other\""));

    assertProblem(diverged, 409, "ORIGIN_DIVERGED", "events[1]");
    assertThat(diverged.json().path("clientSeq").asLong()).isEqualTo(2);
    assertThat(landed()).hasSize(2);
  }

  @Test
  void aRunOfTheLargestNumberOfEventsLands() {
    String run =
        IntStream.rangeClosed(1, 4096).mapToObj(this::event).collect(Collectors.joining(","));

    assertThat(push(run).json().path("landedThrough").asLong()).isEqualTo(4096);
    assertThat(landed()).hasSize(4096).last().extracting(Event::clientSequence).isEqualTo(4096L);
  }

  @Test
  void oneEventMoreThanARunTakesIsRefused() {
    String run =
        IntStream.rangeClosed(1, 4097).mapToObj(this::event).collect(Collectors.joining(","));

    assertProblem(push(run), 400, "INVALID_ARGUMENT", "events");
    assertThat(landed()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{'clientSeq':2,'source':'mine/x'}|400|INVALID_ARGUMENT|events[1]",
        "{'clientSeq':2,'source':'mine/x','type':'T','colour':1}|400|INVALID_ARGUMENT|events[1].colour",
        "{'colour':1,'clientSeq':2,'source':'mine/x','type':'T'}|400|INVALID_ARGUMENT|events[1].colour",
        "{'clientSeq':2,'source':'mine/x','type':7}|400|INVALID_ARGUMENT|events[1]",
        "{'clientSeq':2,'source':'mine/x','type':'T','dataBase64':'%'}|400|INVALID_ARGUMENT|events[1]",
        "{'clientSeq':2,'source':'','type':'T'}|403|PERMISSION_DENIED|events[1].source",
        "{'clientSeq':2,'source':'mine/x','type':''}|400|INVALID_ARGUMENT|events[1].type",
        "{'clientSeq':2,'source':'mine/x','type':'T','tombstone':true}|400|INVALID_ARGUMENT|events[1].tombstone",
        "{'clientSeq':2,'source':'mine/x','type':'T','tags':['a','a']}|400|INVALID_ARGUMENT|events[1].tags[1]",
        "{'clientSeq':2,'source':'mine/\\u0000','type':'T'}|400|INVALID_ARGUMENT|events[1].source",
        "{'clientSeq':2,'source':'mine/\\ud800','type':'T'}|400|INVALID_ARGUMENT|body",
        "{'clientSeq':2,'source':'mine/x','type':'T','data':'\\udc00'}|400|INVALID_ARGUMENT|body",
        "{'clientSeq':2,'source':'shared/x','type':'T'}|403|PERMISSION_DENIED|events[1].source",
        "{'clientSeq':2,'source':'mine','type':'T'}|403|PERMISSION_DENIED|events[1].source",
        "{'clientSeq':2,'source':'mine%2F..','type':'T'}|403|PERMISSION_DENIED|events[1].source",
        "{'clientSeq':2,'source':'_varve/client/x','type':'T'}|403|PERMISSION_DENIED|events[1].source",
        "{'clientSeq':2,'void':false}|400|INVALID_ARGUMENT|events[1].void",
        "{'clientSeq':2,'void':true,'type':'T'}|400|INVALID_ARGUMENT|events[1].type",
      })
  void anEventThatIsRefusedForGoodIsNamedByItsNumberAndNothingIsAppended(
      String event, int status, String code, String field) {
    Http.Answer answer = push(event(1) + "," + event.replace('\'', '"') + "," + event(3));

    assertProblem(answer, status, code, field);
    assertThat(answer.json().path("clientSeq").asLong()).as(answer.toString()).isEqualTo(2);
    assertThat(landed()).isEmpty();
  }

  @Test
  void voidsDoNotShiftTheNumberThatIsNamed() {
    Http.Answer answer =
        push(
            "{\"clientSeq\":1,\"void\":true},{\"clientSeq\":2,\"void\":true},"
                + event(3)
                + ","
                + event(4, ",\"tags\":[\"\"]"));

    assertProblem(answer, 400, "INVALID_ARGUMENT", "events[3].tags[0]");
    assertThat(answer.json().path("clientSeq").asLong()).isEqualTo(4);
  }

  @Test
  void anEventThatIsTooLargeIs413() {
    String large = "\"" + "x".repeat(1 << 20) + "\"";

    Http.Answer answer = push(event(1) + "," + event(2, ",\"data\":" + large));

    assertProblem(answer, 413, "PAYLOAD_TOO_LARGE", "events[1].data");
    assertThat(answer.json().path("clientSeq").asLong()).isEqualTo(2);
    assertThat(answer.json().path("detail").asText()).contains("1048576");
    assertThat(landed()).isEmpty();
  }

  @Test
  void aRunThatIsTooLargeTogetherIs413WithoutANumber() {
    String data = ",\"data\":\"" + "x".repeat(1_000_000) + "\"";
    String run =
        IntStream.rangeClosed(1, 5)
            .mapToObj(number -> event(number, data))
            .collect(Collectors.joining(","));

    Http.Answer answer = push(run);

    assertProblem(answer, 413, "PAYLOAD_TOO_LARGE", "events");
    assertThat(answer.json().has("clientSeq")).isFalse();
    assertThat(landed()).isEmpty();
  }

  @Test
  void aBodyThatIsTooLargeIs413WhetherItSaysSoOrNot() {
    byte[] body = new byte[(6 << 20) + 1];

    assertProblem(
        http.postAs("/v1/push", body, "Content-Type", "application/json"),
        413,
        "PAYLOAD_TOO_LARGE",
        "body");
    assertProblem(
        http.postUndeclared("/v1/push", body, "Content-Type", "application/json"),
        413,
        "PAYLOAD_TOO_LARGE",
        "body");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "~~|body",
        "[]|body",
        "{}|bufferId",
        "{'bufferId':'b'}|events",
        "{'bufferId':'b','events':[]}|events",
        "{'bufferId':'b','events':{}}|events",
        "{'bufferId':'b','events':[7]}|events[0]",
        "{'bufferId':'b','events':[{}]}|events[0].clientSeq",
        "{'bufferId':'b','events':[{'clientSeq':0,'void':true}]}|events[0].clientSeq",
        "{'bufferId':'b','events':[{'clientSeq':1.5,'void':true}]}|events[0].clientSeq",
        "{'bufferId':'b','events':[{'clientSeq':9223372036854775808,'void':true}]}|events[0].clientSeq",
        "{'bufferId':'b','events':[{'clientSeq':1,'void':true},{'clientSeq':3,'void':true}]}|events[1].clientSeq",
        "{'bufferId':'b','events':[{'clientSeq':2,'void':true},{'clientSeq':1,'void':true}]}|events[1].clientSeq",
        "{'bufferId':'','events':[{'clientSeq':1,'void':true}]}|bufferId",
        "{'bufferId':null,'events':[{'clientSeq':1,'void':true}]}|bufferId",
        "{'bufferId':7,'events':[{'clientSeq':1,'void':true}]}|bufferId",
        "{'bufferId':'b','logIdentity':'1-1-1-1-1','events':[{'clientSeq':1,'void':true}]}|logIdentity",
        "{'bufferId':'b','colour':1,'events':[{'clientSeq':1,'void':true}]}|colour",
        "{'bufferId':'b','bufferId':'c','events':[{'clientSeq':1,'void':true}]}|body",
        "{'bufferId':'b','events':[{'clientSeq':1,'void':true}]} {}|body",
        "{'bufferId':'b','events':[{'clientSeq':1,'void':true}|body",
      })
  void aMalformedBodyIsRefusedNamingTheField(String body, String field) {
    assertProblem(
        http.as(DEVICE).post("/v1/push", body.replace('\'', '"')), 400, "INVALID_ARGUMENT", field);
  }

  @Test
  void aBodyThatIsNotUtf8IsRefused() {
    byte[] body = "{\"bufferId\":\"\u00ff\"}".getBytes(StandardCharsets.ISO_8859_1);

    assertProblem(
        http.postAs("/v1/push", body, "Content-Type", "application/json"),
        400,
        "INVALID_ARGUMENT",
        "body");
  }

  @ParameterizedTest
  @CsvSource({"text/plain", "application/json; charset=iso-8859-1", "nonsense"})
  void anotherMediaTypeIs415(String type) {
    assertProblem(
        http.postAs("/v1/push", new byte[] {'{', '}'}, "Content-Type", type),
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "Content-Type");
  }

  @Test
  void aBufferOfAnotherClientIsRefused() {
    Http.Answer answer =
        http.as(DEVICE)
            .post(
                "/v1/push",
                "{\"clientId\":\"device-2\",\"bufferId\":\"b\",\"events\":[" + event(1) + "]}");

    assertProblem(answer, 403, "PERMISSION_DENIED", "clientId");
    assertThat(landed()).isEmpty();
  }

  @Test
  void inOpenModeTheRequestNamesItsClient() {
    String run = "\"bufferId\":\"" + buffer + "\",\"events\":[" + event(1) + "]}";

    assertProblem(http.post("/v1/push", "{" + run), 400, "INVALID_ARGUMENT", "clientId");
    assertThat(http.post("/v1/push", "{\"clientId\":\"me\"," + run).status()).isEqualTo(200);
    assertThat(landed()).singleElement().extracting(Event::clientId).isEqualTo("me");
  }

  @Test
  void nobodyPushesWithoutAToken() {
    assertProblem(http.as("").post("/v1/push", "{}"), 401, "UNAUTHENTICATED", "");
  }

  @Test
  void anotherLogThanExpectedIsSaidSo() {
    UUID other = UUID.randomUUID();
    String run =
        "{\"logIdentity\":\""
            + other
            + "\",\"bufferId\":\""
            + buffer
            + "\",\"events\":["
            + event(1)
            + "]}";

    assertProblem(
        http.as(DEVICE).post("/v1/push", run), 409, "LOG_IDENTITY_MISMATCH", "logIdentity");
    assertThat(landed()).isEmpty();
    String same = run.replace(other.toString(), log.head().logIdentity().toString());
    assertThat(http.as(DEVICE).post("/v1/push", same).status()).isEqualTo(200);
  }

  @Test
  void otherMethodsAreNamed() {
    Http.Answer answer = http.get("/v1/push");

    assertProblem(answer, 405, "METHOD_NOT_ALLOWED", "");
    assertThat(answer.header("allow")).isEqualTo("OPTIONS, POST");
  }
}
