package io.varve.client.localfirst;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.varve.client.json.EventJson;
import io.varve.client.json.JsonSyntaxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;

/** Reads what gateways answer. Fields that are not known are read over: a gateway may be newer. */
final class Answers {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonFactory FACTORY = MAPPER.getFactory();

  private Answers() {}

  /** A JSON object. */
  record Fields(Map<String, JsonNode> byName) {

    String text(String name) throws GatewayException {
      JsonNode value = byName.get(name);
      if (value == null || !value.isTextual()) {
        throw GatewayException.invalidAnswer("the answer has no text '" + name + "'");
      }
      return value.textValue();
    }

    long number(String name) throws GatewayException {
      JsonNode value = byName.get(name);
      if (value == null || !value.canConvertToExactIntegral() || !value.canConvertToLong()) {
        throw GatewayException.invalidAnswer("the answer has no number '" + name + "'");
      }
      return value.longValue();
    }

    boolean truth(String name) throws GatewayException {
      JsonNode value = byName.get(name);
      if (value == null || !value.isBoolean()) {
        throw GatewayException.invalidAnswer("the answer does not say whether '" + name + "'");
      }
      return value.booleanValue();
    }

    UUID logIdentity() throws GatewayException {
      String text = text("logIdentity");
      try {
        return UUID.fromString(text);
      } catch (IllegalArgumentException e) {
        throw GatewayException.invalidAnswer("logIdentity is not a UUID: " + text);
      }
    }
  }

  /** A page: its fields, and its events as they stand. */
  record Page(Fields fields, List<Pulled.Recorded> events) {}

  static Fields fields(String json) throws GatewayException {
    return page(json).fields();
  }

  static Page page(String json) throws GatewayException {
    Map<String, JsonNode> fields = new HashMap<>();
    List<Pulled.Recorded> events = new ArrayList<>();
    try (JsonParser in = FACTORY.createParser(json)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw GatewayException.invalidAnswer("the answer is not a JSON object");
      }
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        String name = in.currentName();
        in.nextToken();
        if (name.equals("events") && in.currentToken() == JsonToken.START_ARRAY) {
          while (in.nextToken() != JsonToken.END_ARRAY) {
            events.add(event(raw(in, json)));
          }
        } else {
          JsonNode value = MAPPER.readTree(in);
          fields.put(name, value);
        }
      }
      return new Page(new Fields(fields), events);
    } catch (JsonProcessingException e) {
      throw GatewayException.invalidAnswer("the answer is not JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      // A String does not fail.
      throw new UncheckedIOException(e);
    }
  }

  /** The value the parser stands at, as it stands: numbers in payloads keep their digits. */
  private static String raw(JsonParser in, String json) throws IOException {
    int from = (int) in.currentTokenLocation().getCharOffset();
    in.skipChildren();
    return json.substring(from, (int) in.currentLocation().getCharOffset());
  }

  static Pulled.Recorded event(String json) throws GatewayException {
    try {
      return new Pulled.Recorded(EventJson.readRecorded(json), json);
    } catch (JsonSyntaxException e) {
      throw GatewayException.invalidAnswer("the answer has no event: " + e.getMessage());
    }
  }

  /** The positions of a push's events by their numbers. */
  static Map<Long, Long> positions(Fields fields) throws GatewayException {
    Map<Long, Long> positions = new HashMap<>();
    JsonNode all = fields.byName().get("positions");
    if (all == null || !all.isArray()) {
      throw GatewayException.invalidAnswer("the answer has no 'positions'");
    }
    for (JsonNode one : all) {
      positions.put(one.path("clientSeq").asLong(), one.path("position").asLong());
    }
    return positions;
  }

  /** What an answer other than 2xx says. */
  static GatewayException problem(int status, HttpHeaders headers, String body) {
    JsonNode json;
    try {
      json = MAPPER.readTree(body);
    } catch (JsonProcessingException e) {
      json = MAPPER.missingNode();
    }
    Duration wait = Duration.ofMillis(Math.max(0, json.path("retryAfterMs").asLong()));
    if (wait.isZero()) {
      // Only seconds: a date would rest on this machine's clock.
      wait =
          headers
              .firstValue("Retry-After")
              .filter(text -> text.matches("[0-9]{1,6}"))
              .map(text -> Duration.ofSeconds(Long.parseLong(text)))
              .orElse(Duration.ZERO);
    }
    return new GatewayException(
        status,
        new LocalProblem(
            json.path("code").asText("HTTP_" + status),
            json.path("detail").asText("the gateway answers " + status)),
        json.path("field").asText(""),
        number(json.path("clientSeq")),
        number(json.path("expectedSeq")),
        wait);
  }

  private static OptionalLong number(JsonNode value) {
    return value.isIntegralNumber() ? OptionalLong.of(value.longValue()) : OptionalLong.empty();
  }
}
