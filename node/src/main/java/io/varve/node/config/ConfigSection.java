package io.varve.node.config;

import io.varve.node.config.ConfigValue.Items;
import io.varve.node.config.ConfigValue.Scalar;
import io.varve.node.config.ConfigValue.Section;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Takes a section's values one by one. What was never asked for is a mistake: {@link #close()}
 * refuses it. Every message names the key's full path and where it was written.
 */
public final class ConfigSection implements AutoCloseable {

  private static final Pattern BYTES = Pattern.compile("(\\d{1,15})(?: ?(KiB|MiB|GiB))?");
  private static final Map<String, Long> BYTE_UNITS =
      Map.of("KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30);
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9}) ?(ms|s|m)");
  private static final Map<String, Long> MILLIS = Map.of("ms", 1L, "s", 1_000L, "m", 60_000L);

  private final String path;
  private final Section section;
  private final Consumer<ConfigKey> asked;
  private final TreeSet<String> known = new TreeSet<>();

  private ConfigSection(String path, Section section, Consumer<ConfigKey> asked) {
    this.path = path;
    this.section = section;
    this.asked = asked;
  }

  /**
   * The whole of a YAML document.
   *
   * @param file what messages put before a line, such as {@code "node.yaml: "}; may be empty
   * @param overrides what takes the place of values in the document
   * @throws ConfigException if it cannot be read, or is not a section
   */
  public static ConfigSection ofYaml(String yaml, String file, Overrides overrides) {
    return new ConfigSection("", overrides.over(YamlReader.read(yaml, file)), key -> {});
  }

  /**
   * The same, to learn what its reader asks for.
   *
   * @param asked hears of every key but those of a list's items
   */
  public static ConfigSection recorded(String yaml, Consumer<ConfigKey> asked) {
    return new ConfigSection("", YamlReader.read(yaml, ""), asked);
  }

  /** A text that must be there. */
  public String text(String key) {
    asked(key, "text", "", "");
    Scalar scalar = scalar(key);
    if (scalar == null || scalar.text().isEmpty()) {
      throw required(key, scalar);
    }
    return scalar.text();
  }

  /** A text, or what stands in for it. */
  public String text(String key, String otherwise) {
    asked(key, "text", otherwise, "");
    Scalar scalar = scalar(key);
    return scalar == null || scalar.text().isEmpty() ? otherwise : scalar.text();
  }

  /** The texts of a list with commas between, blanks around them left out; none = none. */
  public List<String> texts(String key, List<String> otherwise) {
    return split(text(key, String.join(",", otherwise)));
  }

  /** The same, but there must be a text. */
  public List<String> texts(String key) {
    return split(text(key));
  }

  private static List<String> split(String list) {
    return Stream.of(list.split(",")).map(String::strip).filter(one -> !one.isEmpty()).toList();
  }

  /** A whole number within bounds, or what stands in for it. */
  public long number(String key, long otherwise, long min, long max) {
    asked(key, "number", Long.toString(otherwise), min + " to " + max);
    Scalar scalar = scalar(key);
    if (scalar == null) {
      return otherwise;
    }
    try {
      return checked(key, scalar, Long.parseLong(scalar.text().replace("_", "")), min, max);
    } catch (NumberFormatException e) {
      throw wrong(key, scalar, "a whole number from " + min + " to " + max);
    }
  }

  /** The same, for what fits an int. */
  public int number(String key, int otherwise, int min, int max) {
    return (int) number(key, (long) otherwise, min, max);
  }

  /** A number of bytes, such as 65536, 64KiB or 4MiB. */
  public long bytes(String key, long otherwise, long min, long max) {
    String range = bytesText(min) + " to " + bytesText(max);
    asked(key, "bytes", bytesText(otherwise), range);
    Scalar scalar = scalar(key);
    if (scalar == null) {
      return otherwise;
    }
    Matcher matcher = BYTES.matcher(scalar.text());
    if (!matcher.matches()) {
      throw wrong(key, scalar, "a number of bytes, such as 65536, 64KiB or 4MiB");
    }
    long unit = matcher.group(2) == null ? 1 : BYTE_UNITS.get(matcher.group(2));
    try {
      long value = Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
      if (value < min || value > max) {
        throw wrong(key, scalar, "from " + range);
      }
      return value;
    } catch (ArithmeticException e) {
      throw wrong(key, scalar, "from " + range);
    }
  }

  /** The same, for what fits an int. */
  public int bytes(String key, int otherwise, int min, int max) {
    return (int) bytes(key, (long) otherwise, min, max);
  }

  /** A duration, such as 500ms, 2s or 1m. */
  public Duration duration(String key, Duration otherwise, Duration min, Duration max) {
    String range = durationText(min) + " to " + durationText(max);
    asked(key, "duration", durationText(otherwise), range);
    Scalar scalar = scalar(key);
    if (scalar == null) {
      return otherwise;
    }
    Matcher matcher = DURATION.matcher(scalar.text());
    if (!matcher.matches()) {
      throw wrong(key, scalar, "a duration, such as 500ms, 2s or 1m");
    }
    Duration value =
        Duration.ofMillis(Long.parseLong(matcher.group(1)) * MILLIS.get(matcher.group(2)));
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw wrong(key, scalar, "from " + range);
    }
    return value;
  }

  /** A section; an empty one if it is not there. */
  public ConfigSection section(String key) {
    ConfigValue value = value(key);
    if (value == null || isNothing(value)) {
      return new ConfigSection(at(key), new Section(Map.of(), section.origin()), asked);
    }
    if (value instanceof Section inner) {
      return new ConfigSection(at(key), inner, asked);
    }
    throw new ConfigException(
        value.origin() + ": '" + at(key) + "' must be a section, not " + value.kind());
  }

  /** A list of sections that must be there. */
  public List<ConfigSection> sections(String key) {
    asked(key, "list", "", "");
    ConfigValue value = value(key);
    if (value == null || isNothing(value)) {
      throw required(key, value);
    }
    if (!(value instanceof Items items)) {
      throw new ConfigException(
          value.origin() + ": '" + at(key) + "' must be a list, not " + value.kind());
    }
    List<ConfigSection> sections = new ArrayList<>();
    for (ConfigValue item : items.values()) {
      String itemPath = at(key) + "[" + sections.size() + "]";
      if (!(item instanceof Section inner)) {
        throw new ConfigException(
            item.origin() + ": '" + itemPath + "' must be a section, not " + item.kind());
      }
      sections.add(new ConfigSection(itemPath, inner, ofItem -> {}));
    }
    return sections;
  }

  /** Refuses a value for a reason that only its reader knows. */
  public ConfigException refused(String key, String reason) {
    ConfigValue value = section.values().get(key);
    String origin = value == null ? section.origin() : value.origin();
    return new ConfigException(origin + ": '" + at(key) + "': " + reason);
  }

  /**
   * Ends the reading of this section.
   *
   * @throws ConfigException if it has a key that was not asked for
   */
  @Override
  public void close() {
    for (Map.Entry<String, ConfigValue> entry : section.values().entrySet()) {
      if (!known.contains(entry.getKey())) {
        throw new ConfigException(
            entry.getValue().origin()
                + ": unknown key '"
                + at(entry.getKey())
                + "'; "
                + Nearest.to(entry.getKey(), known)
                    .map(near -> "did you mean '" + near + "'? ")
                    .orElse("")
                + "Known here: "
                + String.join(", ", known));
      }
    }
  }

  private void asked(String key, String kind, String otherwise, String range) {
    asked.accept(new ConfigKey(at(key), kind, otherwise, range));
  }

  private ConfigException required(String key, @Nullable ConfigValue value) {
    String variable = new ConfigKey(at(key), "", "", "").variable();
    String elsewhere =
        path.indexOf('[') >= 0 ? "" : "; set it there, or with " + variable + " or --set";
    return new ConfigException(
        (value == null ? section.origin() : value.origin())
            + ": '"
            + at(key)
            + "' is required"
            + elsewhere);
  }

  /** As one would write it: in the largest unit that divides it. */
  static String bytesText(long bytes) {
    for (String unit : List.of("GiB", "MiB", "KiB")) {
      long size = BYTE_UNITS.get(unit);
      if (bytes >= size && bytes % size == 0) {
        return bytes / size + unit;
      }
    }
    return Long.toString(bytes);
  }

  /** As one would write it: in the largest unit that divides it. */
  static String durationText(Duration duration) {
    long millis = duration.toMillis();
    if (millis > 0 && millis % 60_000 == 0) {
      return millis / 60_000 + "m";
    }
    return millis % 1_000 == 0 ? millis / 1_000 + "s" : millis + "ms";
  }

  private @Nullable ConfigValue value(String key) {
    known.add(key);
    return section.values().get(key);
  }

  private @Nullable Scalar scalar(String key) {
    ConfigValue value = value(key);
    if (value == null || value instanceof Scalar) {
      return (Scalar) value;
    }
    throw new ConfigException(
        value.origin() + ": '" + at(key) + "' must be a value, not " + value.kind());
  }

  private static boolean isNothing(ConfigValue value) {
    return value instanceof Scalar scalar && scalar.text().isEmpty();
  }

  private long checked(String key, Scalar scalar, long value, long min, long max) {
    if (value < min || value > max) {
      throw wrong(key, scalar, "from " + min + " to " + max);
    }
    return value;
  }

  private ConfigException wrong(String key, Scalar scalar, String expected) {
    return new ConfigException(
        scalar.origin()
            + ": '"
            + at(key)
            + "' must be "
            + expected
            + ", not '"
            + scalar.text()
            + "'");
  }

  private String at(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}
