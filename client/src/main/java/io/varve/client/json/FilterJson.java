package io.varve.client.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.varve.client.ConcurrencyScope;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Filters and scopes in JSON. A field that is not known is an error, never read over: a mistyped
 * label would silently widen a filter.
 */
public final class FilterJson {
  private FilterJson() {}

  /**
   * A filter: {@code {"anyOf":[{"types":["OrderPlaced"]}]}}.
   *
   * @throws JsonSyntaxException if the text is anything else
   */
  public static Filter readFilter(String json) {
    JsonNode node = Json.parse(json);
    requireObject(node, "a filter");
    return filter(node, false);
  }

  /**
   * A concurrency scope: a filter with {@code "after"}.
   *
   * @throws JsonSyntaxException if the text is anything else
   */
  public static ConcurrencyScope readScope(String json) {
    JsonNode node = Json.parse(json);
    requireObject(node, "a scope");
    Filter filter = filter(node, true);
    JsonNode after = node.get("after");
    if (after == null) {
      throw new JsonSyntaxException(
          "a scope needs \"after\", a position; 0 = nothing matching may exist yet");
    }
    if (!after.isIntegralNumber() || !after.canConvertToLong() || after.longValue() < 0) {
      throw new JsonSyntaxException("\"after\" must be a position, 0 or more: " + after);
    }
    return new ConcurrencyScope(filter, after.longValue());
  }

  static void write(JsonGenerator out, ConcurrencyScope scope) throws IOException {
    out.writeStartObject();
    out.writeArrayFieldStart("anyOf");
    for (FilterItem item : scope.filter().anyOf()) {
      out.writeStartObject();
      Json.label(out, "source", item.source());
      Json.label(out, "sourceType", item.sourceType());
      Json.label(out, "streamType", item.streamType());
      Json.label(out, "streamId", item.streamId());
      Json.labels(out, "types", item.types());
      Json.labels(out, "tags", item.tags());
      out.writeEndObject();
    }
    out.writeEndArray();
    out.writeNumberField("after", scope.after());
    out.writeEndObject();
  }

  private static Filter filter(JsonNode node, boolean scope) {
    for (Iterator<String> fields = node.fieldNames(); fields.hasNext(); ) {
      String field = fields.next();
      if (!field.equals("anyOf") && !(scope && field.equals("after"))) {
        throw new JsonSyntaxException(
            "a " + (scope ? "scope" : "filter") + " has no field '" + field + "'");
      }
    }
    JsonNode anyOf = node.get("anyOf");
    if (anyOf == null || !anyOf.isArray()) {
      throw new JsonSyntaxException("\"anyOf\" must be an array of items");
    }
    List<FilterItem> items = new ArrayList<>();
    for (JsonNode item : anyOf) {
      requireObject(item, "an item of \"anyOf\"");
      items.add(item(item));
    }
    return new Filter(items);
  }

  private static FilterItem item(JsonNode node) {
    FilterItem.Builder item = FilterItem.builder();
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String name = field.getKey();
      JsonNode value = field.getValue();
      switch (name) {
        case "source" -> item.source(text(name, value));
        case "sourceType" -> item.sourceType(text(name, value));
        case "streamType" -> item.streamType(text(name, value));
        case "streamId" -> item.streamId(text(name, value));
        case "types" -> item.types(texts(name, value));
        case "tags" -> item.tags(texts(name, value));
        default -> throw new JsonSyntaxException("an item has no field '" + name + "'");
      }
    }
    return item.build();
  }

  private static void requireObject(JsonNode node, String what) {
    if (!node.isObject()) {
      throw new JsonSyntaxException(what + " is a JSON object");
    }
  }

  private static String text(String name, JsonNode value) {
    if (!value.isTextual()) {
      throw new JsonSyntaxException("\"" + name + "\" must be a string");
    }
    String text = value.textValue();
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      // Written on, it would become another text, with a question mark in it.
      throw new JsonSyntaxException(
          "\"" + name + "\" holds half of a surrogate pair: it is not Unicode text");
    }
    return text;
  }

  private static List<String> texts(String name, JsonNode value) {
    if (!value.isArray()) {
      throw new JsonSyntaxException("\"" + name + "\" must be an array of strings");
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode element : value) {
      texts.add(text(name, element));
    }
    return texts;
  }
}
