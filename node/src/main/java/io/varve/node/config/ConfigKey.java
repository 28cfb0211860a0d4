package io.varve.node.config;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * One key of a configuration, as its reader asks for it.
 *
 * @param path its sections and its name, such as {@code tuning.entriesInFlight}
 * @param kind what it takes, in a word or two: {@code bytes}, {@code duration}, {@code text}
 * @param defaultText what stands in for it, as one would write it; empty = nothing does
 * @param range what it may be, as {@code FROM to TO}; empty = see its description
 */
public record ConfigKey(String path, String kind, String defaultText, String range) {

  /** What the names of a node's environment variables begin with. */
  public static final String PREFIX = "VARVE_";

  private static final Pattern HUMP = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])");

  /** The environment variable that overrides it, such as VARVE_TUNING_ENTRIES_IN_FLIGHT. */
  public String variable() {
    String words = HUMP.matcher(path.replace('.', '_')).replaceAll("_");
    return PREFIX + words.toUpperCase(Locale.ROOT);
  }
}
