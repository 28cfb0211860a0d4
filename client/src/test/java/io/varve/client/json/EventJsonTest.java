package io.varve.client.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.Bytes;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventJsonTest {

  @Test
  void writesEveryFieldUnderItsPromisedName() {
    Event event =
        new Event(
            42,
            "order-17",
            3,
            "OrderPacked",
            "Order",
            "Fulfilment",
            "2026-11",
            List.of("order:17", "customer:4"),
            "line-1",
            true,
            Bytes.utf8("{ \"parcels\" : 1 }"),
            "application/json",
            Bytes.utf8("{\"by\":\"test\"}"),
            Optional.of(Instant.parse("2026-11-21T10:15:30.123Z")),
            Instant.parse("2026-11-21T10:15:31.5Z"),
            "e-1",
            "client",
            "buffer",
            7);

    assertThat(EventJson.write(event))
        .isEqualTo(
            "{\"position\":42,\"source\":\"order-17\",\"version\":3,\"type\":\"OrderPacked\","
                + "\"sourceType\":\"Order\",\"streamType\":\"Fulfilment\",\"streamId\":\"2026-11\","
                + "\"tags\":[\"order:17\",\"customer:4\"],\"key\":\"line-1\",\"tombstone\":true,"
                + "\"data\":{\"parcels\":1},\"contentType\":\"application/json\","
                + "\"metadata\":{\"by\":\"test\"},\"occurred\":\"2026-11-21T10:15:30.123Z\","
                + "\"recorded\":\"2026-11-21T10:15:31.500000Z\",\"id\":\"e-1\","
                + "\"clientId\":\"client\",\"bufferId\":\"buffer\",\"clientSeq\":7}");
  }

  @Test
  void leavesOutLabelsThatAreAbsent() {
    assertThat(EventJson.write(bare(Bytes.empty(), "")))
        .isEqualTo(
            "{\"position\":1,\"source\":\"s\",\"version\":1,\"type\":\"T\","
                + "\"recorded\":\"1970-01-01T00:00:00.000000Z\"}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.00",
        "12345678901234567890123456789",
        "1e400",
        "\"text\"",
        "null",
        "[true,{\"a\":\"\\u00e9\"}]",
        "{\"a\":1,\"a\":2}"
      })
  void jsonPayloadsComeOutAsTheyWentIn(String payload) {
    String json = EventJson.write(bare(Bytes.utf8(payload), ""));

    NewEvent again = EventJson.read(json);

    assertThat(json).contains("\"data\":").doesNotContain("dataBase64").doesNotContain("\n");
    assertThat(Json.compact(again.data().toUtf8())).isEqualTo(Json.compact(payload));
    if (!payload.contains("\\")) {
      assertThat(again.data().toUtf8()).isEqualTo(payload);
    }
  }

  @Test
  void linesStayLinesWhateverThePayload() {
    String json = EventJson.write(bare(Bytes.utf8("{\n  \"a\": [\n1,\r\n2]\n}\n"), ""));

    assertThat(json).contains("\"data\":{\"a\":[1,2]}").doesNotContain("\n").doesNotContain("\r");
  }

  @ParameterizedTest
  @CsvSource({
    "'plain text', ''",
    "'1 2', ''",
    "'{\"a\":', ''",
    "'{}', 'text/plain'",
    "'{}', 'application/octet-stream'"
  })
  void payloadsThatAreNotJsonAreBase64(String payload, String contentType) {
    String json = EventJson.write(bare(Bytes.utf8(payload), contentType));

    assertThat(json).contains("\"dataBase64\":\"").doesNotContain("\"data\":");
    assertThat(EventJson.read(json).data().toUtf8()).isEqualTo(payload);
    assertThat(EventJson.read(json).contentType()).isEqualTo(contentType);
  }

  @Test
  void bytesThatAreNotUtf8AreBase64() {
    byte[] latin = "\"é\"".getBytes(StandardCharsets.ISO_8859_1);

    String json = EventJson.write(bare(Bytes.copyOf(latin), "application/json"));

    assertThat(EventJson.read(json).data().toByteArray()).isEqualTo(latin);
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "application/json; charset=utf-8", "x/y+JSON"})
  void jsonContentTypesAreJson(String contentType) {
    assertThat(EventJson.write(bare(Bytes.utf8("{}"), contentType))).contains("\"data\":{}");
  }

  @Test
  void readsWhatItWrites() {
    NewEvent event =
        NewEvent.builder("order-17", "OrderPacked")
            .sourceType("Order")
            .streamType("Fulfilment")
            .streamId("2026-11")
            .tags("a", "b")
            .key("k")
            .tombstone(true)
            .data("{\"n\":1.50}")
            .contentType("application/json")
            .metadata("{\"m\":1}")
            .occurred(Instant.parse("2026-11-21T10:15:30.123456789Z"))
            .id("e-1")
            .build();

    assertThat(EventJson.read(EventJson.write(recorded(event)))).isEqualTo(event);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]                                             | an event is a JSON object",
        "{\"type\":\"T\"}                               | needs a 'source'",
        "{\"source\":\"s\"}                             | needs a 'type'",
        "{\"source\":\"s\",\"type\":\"T\",\"tag\":\"x\"} | no field 'tag'",
        "{\"source\":1,\"type\":\"T\"}                  | 'source' must be a string",
        "{\"source\":\"s\",\"type\":\"T\",\"tags\":\"x\"} | must be an array of strings",
        "{\"source\":\"s\",\"type\":\"T\",\"key\":null} | is null",
        "{\"source\":\"s\",\"source\":\"t\",\"type\":\"T\"} | stands twice",
        "{\"source\":\"s\",\"type\":\"T\",\"data\":1,\"dataBase64\":\"\"} | exclude each other",
        "{\"source\":\"s\",\"type\":\"T\",\"dataBase64\":\"*\"} | is not base64",
        "{\"source\":\"s\",\"type\":\"T\",\"occurred\":\"noon\"} | must be a time",
        "{\"source\":\"s\",\"type\":\"T\",\"tombstone\":\"yes\"} | must be true or false",
        "{\"source\":\"s\",\"type\":\"T\"} {}           | something follows",
        "{\"source\":\"s\",\"type\":\"T\"               | end-of-input",
      })
  void refusesWhatIsNotAnEvent(String json, String why) {
    assertThatThrownBy(() -> EventJson.read(json))
        .isInstanceOf(JsonSyntaxException.class)
        .hasMessageContaining(why);
  }

  private static Event bare(Bytes data, String contentType) {
    return recorded(NewEvent.builder("s", "T").data(data).contentType(contentType).build());
  }

  private static Event recorded(NewEvent event) {
    return new Event(
        1,
        event.source(),
        1,
        event.type(),
        event.sourceType(),
        event.streamType(),
        event.streamId(),
        event.tags(),
        event.key(),
        event.tombstone(),
        event.data(),
        event.contentType(),
        event.metadata(),
        event.occurred(),
        Instant.EPOCH,
        event.id(),
        "",
        "",
        0);
  }
}
