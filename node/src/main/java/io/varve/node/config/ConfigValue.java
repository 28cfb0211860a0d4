package io.varve.node.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value as it was written, and where: "line 7", later also the name of a variable or a flag. */
sealed interface ConfigValue {

  /** Where it was written. */
  String origin();

  /** What it is, in the words of a message. */
  String kind();

  /** A number, a word, a text. */
  record Scalar(String text, String origin) implements ConfigValue {
    @Override
    public String kind() {
      return "a value";
    }
  }

  /** Values by key, in order. */
  record Section(Map<String, ConfigValue> values, String origin) implements ConfigValue {
    public Section {
      values = new LinkedHashMap<>(values);
    }

    @Override
    public String kind() {
      return "a section";
    }
  }

  /** Values in order. */
  record Items(List<ConfigValue> values, String origin) implements ConfigValue {
    public Items {
      values = List.copyOf(values);
    }

    @Override
    public String kind() {
      return "a list";
    }
  }
}
