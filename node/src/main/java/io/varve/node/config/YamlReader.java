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
import java.util.function.Supplier;

/** Reads YAML, keeping where every value was written. */
final class YamlReader {

  private final JsonParser parser;
  private final Supplier<String> origin;

  private YamlReader(JsonParser parser, Supplier<String> origin) {
    this.parser = parser;
    this.origin = origin;
  }

  /**
   * Reads a document that must be one section. Its values' origins are their lines.
   *
   * @param file what to put before a line, such as {@code "node.yaml: "}; may be empty
   * @throws ConfigException if it is not
   */
  static Section read(String yaml, String file) {
    try (JsonParser parser = new YAMLFactory().createParser(yaml)) {
      Supplier<String> line = () -> file + "line " + parser.currentTokenLocation().getLineNr();
      if (parser.nextToken() == null) {
        return new Section(Map.of(), file + "line 1");
      }
      ConfigValue value = new YamlReader(parser, line).value();
      if (!(value instanceof Section section)) {
        throw new ConfigException(value.origin() + ": expected keys, found " + value.kind());
      }
      if (parser.nextToken() != null) {
        throw new ConfigException(line.get() + ": a second document begins; one is read");
      }
      return section;
    } catch (JsonProcessingException e) {
      throw notYaml(file, e);
    } catch (IOException e) {
      throw new ConfigException(file + "cannot read the configuration: " + e.getMessage(), e);
    }
  }

  /**
   * Reads one value that was given elsewhere than in a file.
   *
   * @param origin who gave it; the origin of all it holds
   * @throws ConfigException if it is not YAML
   */
  static ConfigValue value(String yaml, String origin) {
    try (JsonParser parser = new YAMLFactory().createParser(yaml)) {
      if (parser.nextToken() == null) {
        return new Scalar("", origin);
      }
      return new YamlReader(parser, () -> origin).value();
    } catch (JsonProcessingException e) {
      throw notYaml(origin + ": ", e);
    } catch (IOException e) {
      throw new ConfigException(origin + ": cannot read the value: " + e.getMessage(), e);
    }
  }

  private static ConfigException notYaml(String where, JsonProcessingException e) {
    // The message has the line of the mistake; the parser's own is that of the last good token.
    String message = e.getOriginalMessage().strip().replaceAll("\\s+", " ");
    return new ConfigException(where + "not YAML: " + message, e);
  }

  private ConfigValue value() throws IOException {
    String here = origin.get();
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT) {
      return section(here);
    }
    if (token == JsonToken.START_ARRAY) {
      return items(here);
    }
    return new Scalar(token == JsonToken.VALUE_NULL ? "" : parser.getText(), here);
  }

  private Section section(String here) throws IOException {
    Map<String, ConfigValue> values = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      String keyOrigin = origin.get();
      parser.nextToken();
      if (values.putIfAbsent(key, value()) != null) {
        throw new ConfigException(keyOrigin + ": '" + key + "' is set twice");
      }
    }
    return new Section(values, here);
  }

  private Items items(String here) throws IOException {
    List<ConfigValue> values = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      values.add(value());
    }
    return new Items(values, here);
  }
}
