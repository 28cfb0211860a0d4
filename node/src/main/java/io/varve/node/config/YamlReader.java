package io.varve.node.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.varve.node.config.ConfigValue.Items;
import io.varve.node.config.ConfigValue.Scalar;
import io.varve.node.config.ConfigValue.Section;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads YAML, keeping the line of every value. */
final class YamlReader {

  private final JsonParser parser;

  private YamlReader(JsonParser parser) {
    this.parser = parser;
  }

  /**
   * Reads a document that must be one section.
   *
   * @throws ConfigException if it is not
   */
  static Section read(String yaml) {
    try (JsonParser parser = new YAMLFactory().createParser(yaml)) {
      if (parser.nextToken() == null) {
        return new Section(Map.of(), "line 1");
      }
      ConfigValue value = new YamlReader(parser).value();
      if (!(value instanceof Section section)) {
        throw new ConfigException(value.origin() + ": expected keys, found " + value.kind());
      }
      return section;
    } catch (JsonProcessingException e) {
      // The message has the line of the mistake; the parser's own is that of the last good token.
      String message = e.getOriginalMessage().strip().replaceAll("\\s+", " ");
      throw new ConfigException("not YAML: " + message, e);
    } catch (IOException e) {
      throw new ConfigException("cannot read the configuration: " + e.getMessage(), e);
    }
  }

  private ConfigValue value() throws IOException {
    String origin = origin();
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT) {
      return section(origin);
    }
    if (token == JsonToken.START_ARRAY) {
      return items(origin);
    }
    return new Scalar(token == JsonToken.VALUE_NULL ? "" : parser.getText(), origin);
  }

  private Section section(String origin) throws IOException {
    Map<String, ConfigValue> values = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      String keyOrigin = origin();
      parser.nextToken();
      if (values.putIfAbsent(key, value()) != null) {
        throw new ConfigException(keyOrigin + ": '" + key + "' is set twice");
      }
    }
    return new Section(values, origin);
  }

  private Items items(String origin) throws IOException {
    List<ConfigValue> values = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      values.add(value());
    }
    return new Items(values, origin);
  }

  private String origin() {
    return "line " + parser.currentTokenLocation().getLineNr();
  }
}
