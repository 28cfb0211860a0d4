package io.varve.gateway.identity;

import io.varve.client.Filter;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What a client may do: source prefixes it may read from and append to. {@code *} alone is every
 * source; {@code {client}} within a prefix stands for the client's id. A prefix is compared with
 * the source as it is, character by character: a source is a name, not a path. Whatever they say,
 * nobody may append to {@linkplain ReservedSources the gateway's own sources}, and only who may
 * read every source may read those. Immutable.
 *
 * @param read prefixes of the sources it may read, at most 64
 * @param append prefixes of the sources it may append to, at most 64
 */
public record Grants(List<String> read, List<String> append) {

  /** Every source. */
  public static final String EVERYTHING = "*";

  /** The place in a prefix that a client's id takes. */
  public static final String CLIENT = "{client}";

  /** The most prefixes of one kind. */
  public static final int MAX_PREFIXES = 64;

  /**
   * The longest prefix, in bytes of UTF-8, with an id in {@link #CLIENT}'s place: a name's most.
   */
  public static final int MAX_PREFIX_BYTES = 512;

  public Grants {
    read = checked(read, "read");
    append = checked(append, "append");
  }

  /** Everything. */
  public static Grants everything() {
    return new Grants(List.of(EVERYTHING), List.of(EVERYTHING));
  }

  /** The same for one client: {@code {client}} is its id. */
  public Grants of(String clientId) {
    return new Grants(filled(read, clientId), filled(append, clientId));
  }

  /** Whether a source may be read. */
  public boolean mayRead(String source) {
    return mayReadEverything() || (!ReservedSources.isReserved(source) && covers(read, source));
  }

  /** Whether a source may be appended to. */
  public boolean mayAppend(String source) {
    return !ReservedSources.isReserved(source) && covers(append, source);
  }

  /** Whether every source may be read: the whole log. */
  public boolean mayReadEverything() {
    return read.contains(EVERYTHING);
  }

  /** Whether everything a filter could match may be read: each item names a source that may. */
  public boolean mayRead(Filter filter) {
    return mayReadEverything()
        || filter.anyOf().stream()
            .allMatch(item -> !item.source().isEmpty() && mayRead(item.source()));
  }

  /** Whether every source whose name has a prefix may be read. */
  public boolean mayReadPrefix(String prefix) {
    return mayReadEverything()
        || (!ReservedSources.isReservedPrefix(prefix)
            && read.stream().anyMatch(prefix::startsWith));
  }

  private static boolean covers(List<String> prefixes, String source) {
    return prefixes.stream().anyMatch(p -> p.equals(EVERYTHING) || source.startsWith(p));
  }

  private static List<String> filled(List<String> prefixes, String clientId) {
    return prefixes.stream().map(prefix -> prefix.replace(CLIENT, clientId)).toList();
  }

  private static List<String> checked(List<String> prefixes, String kind) {
    if (prefixes.size() > MAX_PREFIXES) {
      throw new IllegalArgumentException(
          "grants name at most " + MAX_PREFIXES + " prefixes to " + kind + ": " + prefixes.size());
    }
    for (String prefix : prefixes) {
      check(prefix, kind);
    }
    return List.copyOf(prefixes);
  }

  private static void check(String prefix, String kind) {
    if (prefix.isEmpty()) {
      throw new IllegalArgumentException(
          "an empty prefix would "
              + kind
              + " everything: write "
              + EVERYTHING
              + " if that is meant");
    }
    if (prefix.endsWith(EVERYTHING) && !prefix.equals(EVERYTHING)) {
      throw new IllegalArgumentException(
          "a prefix to "
              + kind
              + " covers whatever begins with it: write '"
              + prefix.substring(0, prefix.length() - EVERYTHING.length())
              + "' rather than '"
              + prefix
              + "'");
    }
    int bytes =
        prefix
            .replace(CLIENT, "x".repeat(ClientKey.ID_CHARACTERS))
            .getBytes(StandardCharsets.UTF_8)
            .length;
    if (bytes > MAX_PREFIX_BYTES) {
      throw new IllegalArgumentException(
          "a prefix to "
              + kind
              + " has at most "
              + MAX_PREFIX_BYTES
              + " bytes of UTF-8, with a client's id where it says "
              + CLIENT
              + ": "
              + bytes);
    }
  }
}
