package io.varve.gateway.http;

import io.varve.client.ReadConsistency;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/**
 * A request's query, read strictly: what a route does not know, or what stands twice, is refused
 * rather than read over, so that a mistyped parameter never silently widens a request. {@code +} is
 * a blank, as browsers' {@code URLSearchParams} write it. Immutable.
 */
final class Query {

  /** More parameters than any route knows, with room for repeated tags. */
  private static final int MAX_PARAMETERS = 256;

  private final Map<String, List<String>> values;

  private Query(Map<String, List<String>> values) {
    this.values = values;
  }

  /**
   * Reads a query.
   *
   * @param path the request's target as it was sent
   * @param known the parameters the route knows
   * @param repeatable those of them that may stand more than once
   * @throws ProblemException naming the parameter that cannot be
   */
  static Query of(String path, Set<String> known, Set<String> repeatable) {
    int mark = path.indexOf('?');
    Map<String, List<String>> values = new LinkedHashMap<>();
    if (mark < 0 || mark == path.length() - 1) {
      return new Query(values);
    }
    int count = 0;
    for (String pair : path.substring(mark + 1).split("&", -1)) {
      if (pair.isEmpty()) {
        continue;
      }
      if (++count > MAX_PARAMETERS) {
        throw invalid("query", "a query has at most " + MAX_PARAMETERS + " parameters");
      }
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals), "query");
      if (!known.contains(name)) {
        throw invalid(
            name,
            "there is no query parameter '"
                + name
                + "' here"
                + (known.isEmpty()
                    ? ""
                    : "; there are " + String.join(", ", new TreeSet<>(known))));
      }
      if (equals < 0) {
        throw invalid(name, "query parameter '" + name + "' has no value");
      }
      List<String> same = values.computeIfAbsent(name, key -> new ArrayList<>());
      if (!same.isEmpty() && !repeatable.contains(name)) {
        throw invalid(name, "query parameter '" + name + "' stands twice");
      }
      same.add(decode(pair.substring(equals + 1), name));
    }
    return new Query(values);
  }

  /** A parameter's value. */
  Optional<String> text(String name) {
    return Optional.ofNullable(values.get(name)).map(all -> all.get(0));
  }

  /** A parameter's value, which must be there and not be empty. */
  String required(String name) {
    String value =
        text(name).orElseThrow(() -> invalid(name, "query parameter '" + name + "' is required"));
    if (value.isEmpty()) {
      throw invalid(name, "query parameter '" + name + "' is empty");
    }
    return value;
  }

  /** A parameter's value, which must not be empty if it is there. */
  Optional<String> name(String name) {
    return text(name).isPresent() ? Optional.of(required(name)) : Optional.empty();
  }

  /** Every value of a parameter that may be repeated. */
  List<String> all(String name) {
    return List.copyOf(values.getOrDefault(name, List.of()));
  }

  /** Whether a parameter is there. */
  boolean has(String name) {
    return values.containsKey(name);
  }

  /** A whole number within bounds. */
  OptionalLong number(String name, long min, long max) {
    Optional<String> text = text(name);
    return text.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(number(name, text.get(), min, max));
  }

  /** A position: 0 to 2^63−1. */
  OptionalLong position(String name) {
    return number(name, 0, Long.MAX_VALUE);
  }

  /** A UUID. */
  Optional<UUID> uuid(String name) {
    return text(name).map(text -> uuid(name, text));
  }

  /** One of a few words. */
  String word(String name, String preset, String... words) {
    String word = text(name).orElse(preset);
    if (!List.of(words).contains(word)) {
      throw invalid(
          name,
          "query parameter '"
              + name
              + "' must be one of "
              + String.join(", ", words)
              + ", not '"
              + word
              + "'");
    }
    return word;
  }

  /** How fresh a read must be: {@code consistency} and {@code atLeast}. */
  ReadConsistency consistency(boolean localByDefault) {
    String word =
        word("consistency", localByDefault ? "local" : "linearizable", "local", "linearizable");
    return new ReadConsistency(word.equals("local"), position("atLeast").orElse(0));
  }

  /**
   * A whole number within bounds.
   *
   * @param field what to name when it is none
   */
  static long number(String field, String text, long min, long max) {
    if (text.length() <= 19 && text.matches("0|[1-9][0-9]*")) {
      try {
        long number = Long.parseLong(text);
        if (number >= min && number <= max) {
          return number;
        }
      } catch (NumberFormatException e) {
        // Nineteen digits can be above 2^63-1: refused below as anything else out of bounds.
      }
    }
    throw invalid(
        field,
        "'"
            + field
            + "' must be a whole number from "
            + min
            + " to "
            + (max == Long.MAX_VALUE ? "2^63-1" : max)
            + ", not '"
            + shortened(text)
            + "'");
  }

  /**
   * A UUID in its usual form.
   *
   * @param field what to name when it is none
   */
  static UUID uuid(String field, String text) {
    if (!text.matches(
        "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")) {
      throw invalid(
          field,
          "'"
              + field
              + "' must be a UUID such as 3f2504e0-4f89-41d3-9a0c-0305e82c3301, not '"
              + shortened(text)
              + "'");
    }
    return UUID.fromString(text);
  }

  private static String shortened(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "…";
  }

  private static String decode(String text, String field) {
    if (text.indexOf('%') < 0 && text.chars().allMatch(c -> c < 0x80)) {
      return text.replace('+', ' ');
    }
    byte[] raw = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(raw.length);
    for (int i = 0; i < raw.length; i++) {
      if (raw[i] == '+') {
        bytes.put((byte) ' ');
      } else if (raw[i] != '%') {
        bytes.put(raw[i]);
      } else {
        int high = i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
        int low = i + 2 < raw.length ? Character.digit(raw[i + 2], 16) : -1;
        if (high < 0 || low < 0) {
          throw invalid(
              field, "'" + field + "' has a '%' that two hexadecimal digits do not follow");
        }
        bytes.put((byte) (high << 4 | low));
        i += 2;
      }
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
    } catch (CharacterCodingException e) {
      throw invalid(field, "'" + field + "' is not UTF-8");
    }
  }

  private static ProblemException invalid(String field, String detail) {
    return new ProblemException(Problem.invalid(field, detail));
  }
}
