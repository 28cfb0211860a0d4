package io.varve.statemachine;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Existence;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.condition.FilterItems;
import java.util.List;
import java.util.Optional;

/**
 * What every append must be made of, whatever the limits: the part of validation that is not
 * configurable, and that the state machine checks again because what it decides must make sense.
 */
public final class AppendStructure {

  private static final int ID_BYTES = 16;

  /** The longest client id and buffer id, in bytes of UTF-8. */
  private static final int ORIGIN_NAME_BYTES = 512;

  /** The most numbers of one origin run, as events and as voids. */
  private static final int RUN_LENGTH = 4_096;

  private AppendStructure() {}

  /** Why an append is malformed (INVALID_ARGUMENT, with the first field at fault), if it is. */
  public static Optional<Refused> check(Append append) {
    Optional<Refused> refused = Optional.empty();
    if (append.hasOrigin()) {
      refused = checkRun(append);
    } else if (append.getEventsCount() == 0 && append.getConditionsCount() == 0) {
      return refused("append", "neither events nor conditions");
    } else if (append.hasAppendId()) {
      refused = check(append.getAppendId());
    }
    List<NewEvent> events = append.getEventsList();
    for (int i = 0; i < events.size() && refused.isEmpty(); i++) {
      refused = check(events.get(i), i);
    }
    List<Condition> conditions = append.getConditionsList();
    for (int i = 0; i < conditions.size() && refused.isEmpty(); i++) {
      refused = check(conditions.get(i), i);
    }
    return refused;
  }

  /**
   * Why a filter is malformed (INVALID_ARGUMENT, with the first field at fault), if it is.
   *
   * @param path the filter's own path in the request
   */
  public static Optional<Refused> check(Filter filter, String path) {
    if (filter.getAnyOfCount() == 0) {
      return refused(path + ".any_of", "a filter needs at least one item");
    }
    for (int i = 0; i < filter.getAnyOfCount(); i++) {
      FilterItem item = filter.getAnyOf(i);
      String itemPath = path + ".any_of[" + i + "]";
      if (!FilterItems.namesALabel(item)) {
        return refused(itemPath, "a filter item must name at least one label");
      }
      int empty = item.getTypesList().indexOf("");
      if (empty >= 0) {
        return refused(itemPath + ".types[" + empty + "]", "an event type must not be empty");
      }
      empty = item.getTagsList().indexOf("");
      if (empty >= 0) {
        return refused(itemPath + ".tags[" + empty + "]", "a tag must not be empty");
      }
    }
    return Optional.empty();
  }

  private static Optional<Refused> check(AppendId appendId) {
    if (appendId.getId().size() != ID_BYTES) {
      return refused(
          "append.append_id.id",
          "an append id has " + ID_BYTES + " bytes, not " + appendId.getId().size());
    }
    if (!appendId.hasKnownPosition()) {
      return refused(
          "append.append_id.known_position", "an append id needs a known position (0 is one)");
    }
    return Optional.empty();
  }

  private static Optional<Refused> checkRun(Append append) {
    Origin origin = append.getOrigin();
    Optional<Refused> refused =
        checkName(origin.getClientIdBytes(), "append.origin.client_id", "a client id");
    if (refused.isEmpty()) {
      refused = checkName(origin.getBufferIdBytes(), "append.origin.buffer_id", "a buffer id");
    }
    if (refused.isPresent()) {
      return refused;
    }
    if (append.getConditionsCount() > 0) {
      return refused("append.conditions", "an append with an origin has no conditions");
    }
    long length = (long) append.getEventsCount() + origin.getVoidsCount();
    if (length == 0) {
      return refused("append", "an origin, but neither events nor voids");
    }
    if (length > RUN_LENGTH) {
      return refused(
          origin.getVoidsCount() == 0 ? "append.events" : "append.origin.voids",
          length + " events and voids, at most " + RUN_LENGTH + " are allowed in a run");
    }
    long first = origin.getFirstSequence();
    if (first < 1 || first > Long.MAX_VALUE - (length - 1)) {
      return refused(
          "append.origin.first_sequence",
          "numbers are 1 to "
              + Long.MAX_VALUE
              + ", and "
              + length
              + " do not fit there from "
              + Long.toUnsignedString(first)
              + " on");
    }
    return checkVoids(origin, first + length - 1);
  }

  private static Optional<Refused> checkVoids(Origin origin, long last) {
    long before = origin.getFirstSequence() - 1;
    for (int i = 0; i < origin.getVoidsCount(); i++) {
      long number = origin.getVoids(i);
      if (number <= before || number > last) {
        return refused(
            "append.origin.voids[" + i + "]",
            "voids must rise, and be among the run's numbers "
                + origin.getFirstSequence()
                + " to "
                + last
                + "; not so "
                + Long.toUnsignedString(number));
      }
      before = number;
    }
    return Optional.empty();
  }

  private static Optional<Refused> checkName(ByteString name, String field, String what) {
    if (name.isEmpty()) {
      return refused(field, "an origin needs " + what);
    }
    return name.size() <= ORIGIN_NAME_BYTES
        ? Optional.empty()
        : refused(field, name.size() + " bytes, at most " + ORIGIN_NAME_BYTES + " are allowed");
  }

  private static Optional<Refused> check(NewEvent event, int index) {
    if (event.getSource().isEmpty()) {
      return refused(eventField(index, "source"), "an event needs a source");
    }
    if (event.getType().isEmpty()) {
      return refused(eventField(index, "type"), "an event needs a type");
    }
    if (event.getTombstone() && event.getKey().isEmpty()) {
      return refused(eventField(index, "tombstone"), "a tombstone needs a key");
    }
    int empty = event.getTagsList().indexOf("");
    if (empty >= 0) {
      return refused(eventField(index, "tags[" + empty + "]"), "a tag must not be empty");
    }
    return Optional.empty();
  }

  private static Optional<Refused> check(Condition condition, int index) {
    String path = "append.conditions[" + index + "]";
    return switch (condition.getKindCase()) {
      case EXPECTED_VERSION -> check(condition.getExpectedVersion(), path + ".expected_version");
      case CONCURRENCY_SCOPE ->
          check(condition.getConcurrencyScope().getFilter(), path + ".concurrency_scope.filter");
      case KIND_NOT_SET ->
          refused(path, "neither an expected version nor a concurrency scope is set");
    };
  }

  private static Optional<Refused> check(ExpectedVersion expected, String path) {
    if (expected.getSource().isEmpty()) {
      return refused(path + ".source", "an expected version needs a source");
    }
    return switch (expected.getExpectedCase()) {
      case EXACTLY ->
          expected.getExactly() < 0
              ? refused(
                  path + ".exactly",
                  "a version is at most "
                      + Long.MAX_VALUE
                      + ", not "
                      + Long.toUnsignedString(expected.getExactly()))
              : Optional.empty();
      case EXISTENCE ->
          expected.getExistence() == Existence.EXISTENCE_MUST_EXIST
                  || expected.getExistence() == Existence.EXISTENCE_MUST_NOT_EXIST
              ? Optional.empty()
              : refused(
                  path + ".existence",
                  "existence must be MUST_EXIST or MUST_NOT_EXIST, not "
                      + expected.getExistenceValue());
      case EXPECTED_NOT_SET ->
          refused(path, "neither an exact version nor an existence is expected");
    };
  }

  private static String eventField(int index, String field) {
    return "append.events[" + index + "]." + field;
  }

  private static Optional<Refused> refused(String field, String message) {
    return Optional.of(new Refused(Refusal.INVALID_ARGUMENT, field, field + ": " + message));
  }
}
