package io.varve.client.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/** What the mappings of this package share. Thread-safe. */
public final class Json {

  static final JsonFactory FACTORY = new JsonFactory();

  private static final JsonMapper STRICT =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Always with microseconds, so that columns align and text sorts as time does. */
  private static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private Json() {}

  /** One JSON object on one line, written by {@code fields}. */
  public static String object(Writing fields) {
    return text(
        out -> {
          out.writeStartObject();
          fields.to(out);
          out.writeEndObject();
        });
  }

  /** A recorded time: UTC, with microseconds. */
  public static String time(Instant time) {
    return MICROS.format(time);
  }

  /**
   * The same JSON value without blanks, its numbers and strings as they were; empty when the bytes
   * are not exactly one JSON value in UTF-8.
   */
  public static Optional<String> compact(ByteBuffer utf8) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(utf8.duplicate()).toString();
      return Optional.of(compact(text));
    } catch (CharacterCodingException | JsonSyntaxException e) {
      return Optional.empty();
    }
  }

  /**
   * The same JSON value without blanks, its numbers and strings as they were.
   *
   * @throws JsonSyntaxException if the text is not exactly one JSON value
   */
  public static String compact(String json) {
    StringWriter text = new StringWriter(json.length());
    try (JsonParser in = FACTORY.createParser(json);
        JsonGenerator out = FACTORY.createGenerator(text)) {
      if (in.nextToken() == null) {
        throw new JsonSyntaxException("there is no JSON value");
      }
      copyValue(in, out);
      if (in.nextToken() != null) {
        throw new JsonSyntaxException("something follows the JSON value");
      }
    } catch (JsonProcessingException e) {
      throw new JsonSyntaxException(e.getOriginalMessage());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /** Copies the value the parser stands at; numbers keep their digits. */
  static void copyValue(JsonParser in, JsonGenerator out) throws IOException {
    int depth = 0;
    while (true) {
      JsonToken token = in.currentToken();
      if (token == null) {
        throw new JsonSyntaxException("the JSON value ends too early");
      }
      if (token.isNumeric()) {
        out.writeNumber(in.getText());
      } else {
        out.copyCurrentEvent(in);
      }
      if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      }
      if (depth == 0) {
        return;
      }
      in.nextToken();
    }
  }

  /**
   * One JSON value.
   *
   * @throws JsonSyntaxException if the text is anything else, or names a field twice
   */
  static JsonNode parse(String json) {
    try {
      JsonNode node = STRICT.readTree(json);
      if (node.isMissingNode()) {
        throw new JsonSyntaxException("there is no JSON value");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw new JsonSyntaxException(e.getOriginalMessage());
    }
  }

  static String text(Writing writing) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = FACTORY.createGenerator(text)) {
      writing.to(out);
    } catch (IOException e) {
      // A StringWriter does not fail.
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  static void label(JsonGenerator out, String name, String value) throws IOException {
    if (!value.isEmpty()) {
      out.writeStringField(name, value);
    }
  }

  static void labels(JsonGenerator out, String name, Iterable<String> values) throws IOException {
    if (values.iterator().hasNext()) {
      out.writeArrayFieldStart(name);
      for (String value : values) {
        out.writeString(value);
      }
      out.writeEndArray();
    }
  }

  /** Writes some JSON. */
  @FunctionalInterface
  public interface Writing {
    /** Writes it. */
    void to(JsonGenerator out) throws IOException;
  }
}
