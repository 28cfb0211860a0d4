package io.varve.client.serialization;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.varve.client.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** An event's generation, within its metadata. */
final class GenerationMetadata {

  private static final String FIELD = "eventGeneration";
  private static final JsonFactory JSON = new JsonFactory();

  private GenerationMetadata() {}

  /** The first generation is not written: most events need no metadata for it. */
  static Bytes write(int generation, Map<String, String> metadata) {
    if (metadata.containsKey(FIELD)) {
      throw new IllegalArgumentException("the metadata '" + FIELD + "' is the event type's own");
    }
    if (generation == 1 && metadata.isEmpty()) {
      return Bytes.empty();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      if (generation != 1) {
        json.writeNumberField(FIELD, generation);
      }
      for (Map.Entry<String, String> entry : metadata.entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      json.writeEndObject();
    } catch (IOException cannotHappen) {
      throw new UncheckedIOException(cannotHappen);
    }
    return Bytes.wrap(bytes.toByteArray());
  }

  /** Metadata of other writers, whatever it is, means the first generation. */
  static int read(Bytes metadata) throws IOException {
    if (metadata.isEmpty()) {
      return 1;
    }
    try (JsonParser json = JSON.createParser(metadata.toByteArray())) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        return 1;
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        boolean found = json.currentName().equals(FIELD);
        JsonToken value = json.nextToken();
        if (found) {
          if (value != JsonToken.VALUE_NUMBER_INT
              || json.getNumberType() != JsonParser.NumberType.INT
              || json.getIntValue() < 1) {
            throw new IllegalArgumentException(
                "metadata '" + FIELD + "' is no generation: " + json.getText());
          }
          return json.getIntValue();
        }
        json.skipChildren();
      }
      return 1;
    } catch (JsonProcessingException notJson) {
      return 1;
    }
  }
}
