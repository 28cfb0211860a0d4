package io.varve.gateway.identity;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Iterator;
import java.util.Set;

/** JSON that is exactly one value, and whose objects name no field twice. */
final class StrictJson {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private StrictJson() {}

  /**
   * One JSON value.
   *
   * @throws IdentityFormatException if the text is anything else
   */
  static JsonNode parse(String text) {
    try {
      JsonNode node = MAPPER.readTree(text);
      if (node.isMissingNode()) {
        throw new IdentityFormatException("", "there is no JSON value");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw new IdentityFormatException("", "this is not JSON: " + e.getOriginalMessage());
    }
  }

  /**
   * Passes an object that has no other fields than these.
   *
   * @throws IdentityFormatException if it has
   */
  static void requireOnly(JsonNode object, String what, Set<String> fields) {
    if (!object.isObject()) {
      throw new IdentityFormatException("", what + " is a JSON object");
    }
    for (Iterator<String> names = object.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!fields.contains(name)) {
        throw new IdentityFormatException(name, what + " has no field '" + name + "'");
      }
    }
  }
}
