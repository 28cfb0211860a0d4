package io.varve.gateway.sse;

import com.linecorp.armeria.common.RequestHeaders;
import io.varve.client.Filter;
import io.varve.client.json.FilterJson;
import io.varve.client.json.JsonSyntaxException;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a request for a stream asks for.
 *
 * @param selection what to follow
 * @param filter the filter as it was asked for, if that is what to follow
 * @param after events behind this position; empty = behind the head
 * @param afterField the parameter or header that said so, for errors
 * @param logIdentity the log identity that the caller expects; empty = any
 */
record StreamQuery(
    Selection selection,
    Optional<Filter> filter,
    OptionalLong after,
    String afterField,
    Optional<UUID> logIdentity) {

  /** How many sources one stream may name. */
  static final int MAX_SOURCES = 64;

  /** How long a source's name may be, in bytes of UTF-8. */
  private static final int MAX_SOURCE_BYTES = 512;

  /** How long any parameter may be, in bytes: a filter of 16 full items fits. */
  private static final int MAX_VALUE_BYTES = 256 << 10;

  private static final String LAST_EVENT_ID = "last-event-id";

  private static final Pattern UUID_TEXT =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  /**
   * Reads a request.
   *
   * @param query as it stands in the address, encoded; null = none
   * @throws ProblemException of 400, naming the field, if it asks for anything else
   */
  static StreamQuery of(@Nullable String query, RequestHeaders headers) {
    TreeSet<String> sources = new TreeSet<>();
    Optional<String> filterText = Optional.empty();
    Optional<String> afterText = Optional.empty();
    Optional<String> identityText = Optional.empty();
    for (String pair : query == null || query.isEmpty() ? new String[0] : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals), "query");
      String value = equals < 0 ? "" : decode(pair.substring(equals + 1), name);
      switch (name) {
        case "source" -> sources.add(source(value));
        case "filter" -> filterText = once(filterText, name, value);
        case "after" -> afterText = once(afterText, name, value);
        case "logIdentity" -> identityText = once(identityText, name, value);
        default ->
            throw invalid(
                shown(name),
                "there is no parameter '"
                    + shown(name)
                    + "'; there are source, filter, after and logIdentity");
      }
    }
    if (sources.size() > MAX_SOURCES) {
      throw invalid(
          "source", "a stream names at most " + MAX_SOURCES + " sources: " + sources.size());
    }
    if (!sources.isEmpty() && filterText.isPresent()) {
      throw invalid("filter", "name sources or a filter, not both");
    }
    Optional<Filter> filter = filterText.map(StreamQuery::filter);
    Selection selection =
        filter
            .<Selection>map(Selection.Matching::new)
            .orElseGet(
                () ->
                    sources.isEmpty() ? new Selection.WholeLog() : new Selection.Sources(sources));
    if (headers.getAll(LAST_EVENT_ID).size() > 1) {
      throw invalid("Last-Event-ID", "the header Last-Event-ID stands more than once");
    }
    String resumed = headers.get(LAST_EVENT_ID, "");
    boolean resumes = !resumed.isEmpty();
    String afterField = resumes ? "Last-Event-ID" : "after";
    // Checked even when the header goes before it.
    OptionalLong after = afterText.map(StreamQuery::after).orElseGet(() -> OptionalLong.of(0));
    if (resumes) {
      after = OptionalLong.of(position(resumed, afterField, "a position, 0 or more"));
    }
    return new StreamQuery(
        selection, filter, after, afterField, identityText.map(StreamQuery::identity));
  }

  private static String source(String value) {
    int bytes = value.getBytes(StandardCharsets.UTF_8).length;
    if (bytes < 1 || bytes > MAX_SOURCE_BYTES) {
      throw invalid("source", "a source is 1 to " + MAX_SOURCE_BYTES + " bytes of UTF-8: " + bytes);
    }
    return value;
  }

  private static Filter filter(String json) {
    try {
      return FilterJson.readFilter(json);
    } catch (JsonSyntaxException e) {
      throw invalid("filter", String.valueOf(e.getMessage()));
    }
  }

  private static OptionalLong after(String value) {
    return value.equals("head")
        ? OptionalLong.empty()
        : OptionalLong.of(position(value, "after", "a position, 0 or more, or head"));
  }

  private static long position(String value, String field, String wanted) {
    try {
      if (value.chars().allMatch(c -> c >= '0' && c <= '9')) {
        return Long.parseLong(value);
      }
    } catch (NumberFormatException tooLargeOrEmpty) {
      // Told below.
    }
    throw invalid(field, field + " must be " + wanted + ": '" + shown(value) + "'");
  }

  private static UUID identity(String value) {
    if (!UUID_TEXT.matcher(value.toLowerCase(Locale.ROOT)).matches()) {
      throw invalid("logIdentity", "logIdentity must be a UUID: '" + shown(value) + "'");
    }
    return UUID.fromString(value);
  }

  private static Optional<String> once(Optional<String> before, String name, String value) {
    if (before.isPresent()) {
      throw invalid(name, name + " stands twice");
    }
    return Optional.of(value);
  }

  /** By the rules of forms, strictly: what is no UTF-8 is an error rather than replaced. */
  private static String decode(String text, String field) {
    if (text.length() > 3 * MAX_VALUE_BYTES) {
      throw invalid(shown(field), shown(field) + " is longer than " + MAX_VALUE_BYTES + " bytes");
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '%') {
        int high = i + 2 < text.length() ? Character.digit(text.charAt(i + 1), 16) : -1;
        int low = i + 2 < text.length() ? Character.digit(text.charAt(i + 2), 16) : -1;
        if (high < 0 || low < 0) {
          throw invalid(shown(field), shown(field) + " has a '%' without two hex digits behind it");
        }
        bytes.write(high * 16 + low);
        i += 2;
      } else if (c == '+') {
        bytes.write(' ');
      } else {
        bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
      }
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw invalid(shown(field), shown(field) + " is not UTF-8");
    }
  }

  /** What a caller sent, short enough to be sent back. */
  private static String shown(String value) {
    return value.length() <= 64 ? value : value.substring(0, 64) + "…";
  }

  private static ProblemException invalid(String field, String detail) {
    return new ProblemException(Problem.invalid(field, detail));
  }
}
