package io.varve.statemachine;

import com.google.protobuf.Timestamp;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Checks appends and filters before they enter the log: that they are well-formed ({@link
 * AppendStructure}) and within {@link AppendLimits}. Immutable.
 *
 * <p>A refusal is always INVALID_ARGUMENT, names the first field at fault, such as {@code
 * append.events[3].tags[0]}, and says the limit and the value in its message.
 */
public final class AppendValidator {

  /** 0001-01-01T00:00:00Z, where the protocol's timestamps begin. */
  private static final long FIRST_SECOND = -62_135_596_800L;

  /** 9999-12-31T23:59:59Z, where they end. */
  private static final long LAST_SECOND = 253_402_300_799L;

  private static final int MAX_NANOS = 999_999_999;

  private final AppendLimits limits;

  public AppendValidator(AppendLimits limits) {
    this.limits = limits;
  }

  /** The limits this validator checks against. */
  public AppendLimits limits() {
    return limits;
  }

  /** Why an append must be refused, if it must. */
  public Optional<Refused> check(Append append) {
    Optional<Refused> refused = AppendStructure.check(append);
    if (refused.isPresent()) {
      return refused;
    }
    refused =
        first(
            size("append", "", append.getSerializedSize(), limits.appendBytes(), "bytes"),
            size("append", ".events", append.getEventsCount(), limits.events(), "events"),
            size(
                "append",
                ".conditions",
                append.getConditionsCount(),
                limits.conditions(),
                "conditions"),
            append.hasAppendId()
                ? position(
                    "append", ".append_id.known_position", append.getAppendId().getKnownPosition())
                : Optional.empty());
    if (append.hasOrigin() && refused.isEmpty()) {
      refused =
          first(
              name("append.origin", ".client_id", append.getOrigin().getClientId()),
              name("append.origin", ".buffer_id", append.getOrigin().getBufferId()));
    }
    for (int i = 0; i < append.getEventsCount() && refused.isEmpty(); i++) {
      refused = check(append.getEvents(i), "append.events[" + i + "]");
    }
    for (int i = 0; i < append.getConditionsCount() && refused.isEmpty(); i++) {
      refused = check(append.getConditions(i), "append.conditions[" + i + "]");
    }
    return refused;
  }

  /**
   * Why the filter of a read must be refused, if it must.
   *
   * @param path the filter's own path in the request; {@code filter} makes {@code
   *     filter.any_of[0].types[2]}
   */
  public Optional<Refused> check(Filter filter, String path) {
    Optional<Refused> refused = AppendStructure.check(filter, path);
    return refused.isPresent() ? refused : checkLimits(filter, path);
  }

  /**
   * Why the source of a read must be refused, if it must.
   *
   * @param path the source's path in the request
   */
  public Optional<Refused> checkSource(String source, String path) {
    return source.isEmpty() ? refused(path, "a source must not be empty") : name(path, "", source);
  }

  /**
   * Why a name in the request of a read must be refused, if it must.
   *
   * @param path the name's path in the request
   */
  public Optional<Refused> checkName(String name, String path) {
    return name.isEmpty() ? refused(path, "a name must not be empty") : name(path, "", name);
  }

  /**
   * Why the beginning of a name in the request of a read must be refused, if it must; an empty one
   * is none and passes.
   *
   * @param path its path in the request
   */
  public Optional<Refused> checkPrefix(String prefix, String path) {
    return name(path, "", prefix);
  }

  private Optional<Refused> check(NewEvent event, String path) {
    return first(
        name(path, ".source", event.getSource()),
        name(path, ".type", event.getType()),
        name(path, ".source_type", event.getSourceType()),
        name(path, ".stream_type", event.getStreamType()),
        name(path, ".stream_id", event.getStreamId()),
        names(path, ".tags", event.getTagsList(), limits.tags()),
        unique(path, ".tags", event.getTagsList()),
        name(path, ".key", event.getKey()),
        size(path, ".data", event.getData().size(), limits.payloadBytes(), "bytes"),
        name(path, ".content_type", event.getContentType()),
        size(path, ".metadata", event.getMetadata().size(), limits.metadataBytes(), "bytes"),
        event.hasOccurred() ? time(path, ".occurred", event.getOccurred()) : Optional.empty(),
        name(path, ".id", event.getId()));
  }

  private Optional<Refused> check(Condition condition, String path) {
    if (condition.hasExpectedVersion()) {
      ExpectedVersion expected = condition.getExpectedVersion();
      return name(path, ".expected_version.source", expected.getSource());
    }
    return first(
        position(path, ".concurrency_scope.after", condition.getConcurrencyScope().getAfter()),
        checkLimits(
            condition.getConcurrencyScope().getFilter(), path + ".concurrency_scope.filter"));
  }

  private Optional<Refused> checkLimits(Filter filter, String path) {
    Optional<Refused> refused =
        size(path, ".any_of", filter.getAnyOfCount(), limits.filterItems(), "items");
    for (int i = 0; i < filter.getAnyOfCount() && refused.isEmpty(); i++) {
      refused = check(filter.getAnyOf(i), path + ".any_of[" + i + "]");
    }
    return refused;
  }

  private Optional<Refused> check(FilterItem item, String path) {
    return first(
        name(path, ".source", item.getSource()),
        name(path, ".source_type", item.getSourceType()),
        name(path, ".stream_type", item.getStreamType()),
        name(path, ".stream_id", item.getStreamId()),
        names(path, ".types", item.getTypesList(), limits.types()),
        names(path, ".tags", item.getTagsList(), limits.tags()));
  }

  private Optional<Refused> names(String path, String field, List<String> names, int limit) {
    Optional<Refused> refused = size(path, field, names.size(), limit, "entries");
    for (int i = 0; i < names.size() && refused.isEmpty(); i++) {
      String name = names.get(i);
      if (!acceptable(name)) {
        refused = name(path, field + "[" + i + "]", name);
      }
    }
    return refused;
  }

  private Optional<Refused> name(String path, String field, String name) {
    if (acceptable(name)) {
      return Optional.empty();
    }
    if (name.indexOf('\0') >= 0) {
      return refused(path + field, "a name must not contain NUL");
    }
    return size(path, field, utf8Length(name), limits.nameBytes(), "bytes");
  }

  private boolean acceptable(String name) {
    // No char takes more than three bytes of UTF-8, so that most names need no counting.
    return name.indexOf('\0') < 0
        && (name.length() <= limits.nameBytes() / 3 || utf8Length(name) <= limits.nameBytes());
  }

  private static Optional<Refused> unique(String path, String field, List<String> names) {
    if (names.size() < 2) {
      return Optional.empty();
    }
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < names.size(); i++) {
      if (!seen.add(names.get(i))) {
        return refused(path + field + "[" + i + "]", "'" + names.get(i) + "' is there twice");
      }
    }
    return Optional.empty();
  }

  private static Optional<Refused> position(String path, String field, long position) {
    return position >= 0
        ? Optional.empty()
        : refused(
            path + field,
            "a position is at most " + Long.MAX_VALUE + ", not " + Long.toUnsignedString(position));
  }

  /** What every reader can take for a time: some know none beyond. */
  private static Optional<Refused> time(String path, String field, Timestamp time) {
    boolean valid =
        time.getSeconds() >= FIRST_SECOND
            && time.getSeconds() <= LAST_SECOND
            && time.getNanos() >= 0
            && time.getNanos() <= MAX_NANOS;
    return valid
        ? Optional.empty()
        : refused(
            path + field,
            "a time lies in the years 1 to 9999 and has 0 to "
                + MAX_NANOS
                + " nanos, not "
                + time.getSeconds()
                + " seconds and "
                + time.getNanos()
                + " nanos");
  }

  private static Optional<Refused> size(
      String path, String field, int actual, int limit, String unit) {
    return actual <= limit
        ? Optional.empty()
        : refused(path + field, actual + " " + unit + ", at most " + limit + " are allowed");
  }

  private static int utf8Length(String name) {
    int length = 0;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c < 0x80) {
        length++;
      } else if (c < 0x800 || Character.isSurrogate(c)) {
        length += 2; // A surrogate pair takes four bytes.
      } else {
        length += 3;
      }
    }
    return length;
  }

  @SafeVarargs
  private static Optional<Refused> first(Optional<Refused>... checks) {
    for (Optional<Refused> refused : checks) {
      if (refused.isPresent()) {
        return refused;
      }
    }
    return Optional.empty();
  }

  private static Optional<Refused> refused(String field, String message) {
    return Optional.of(new Refused(Refusal.INVALID_ARGUMENT, field, field + ": " + message));
  }
}
