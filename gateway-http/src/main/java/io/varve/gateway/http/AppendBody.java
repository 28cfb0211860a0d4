package io.varve.gateway.http;

import io.varve.client.Condition;
import io.varve.client.ExpectedVersion;
import io.varve.client.NewEvent;
import io.varve.client.json.FilterJson;
import io.varve.client.json.JsonSyntaxException;
import io.varve.gateway.problem.ProblemException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * A live append as it is posted in JSON. Immutable.
 *
 * @param logIdentity the log identity the client expects
 * @param events the events
 * @param conditions the body's own conditions
 */
record AppendBody(Optional<UUID> logIdentity, List<NewEvent> events, List<Condition> conditions) {

  private static final int MAX_EVENTS = 4_096;
  private static final int MAX_CONDITIONS = 64;

  AppendBody {
    events = List.copyOf(events);
    conditions = List.copyOf(conditions);
  }

  /**
   * Reads a body.
   *
   * @param source the source of events that name none
   * @throws ProblemException naming the field that cannot be
   */
  static AppendBody read(String json, Optional<String> source) {
    Reading reading = new Reading(source);
    JsonReader.object(json, reading::field);
    return new AppendBody(reading.logIdentity, reading.events, reading.conditions);
  }

  private static final class Reading {
    private final Optional<String> source;
    private Optional<UUID> logIdentity = Optional.empty();
    private final List<NewEvent> events = new ArrayList<>();
    private final List<Condition> conditions = new ArrayList<>();

    Reading(Optional<String> source) {
      this.source = source;
    }

    void field(String name, JsonReader value) {
      switch (name) {
        case "logIdentity" -> logIdentity = Optional.of(Query.uuid(name, value.text(name)));
        case "events" -> value.array(name, index -> event(index, value));
        case "conditions" -> value.array(name, index -> condition(index, value));
        default -> throw JsonReader.invalid(name, "an append has no field '" + name + "'");
      }
    }

    private void event(int index, JsonReader value) {
      if (index == MAX_EVENTS) {
        throw JsonReader.invalid("events", "an append has at most " + MAX_EVENTS + " events");
      }
      String path = "events[" + index + "]";
      int begin = value.begin();
      Set<String> fields = fields(path, value, EventElements.FIELDS, "an event");
      NewEvent event;
      if (fields.contains("source") || source.isEmpty()) {
        event = EventElements.read(value.since(begin), path);
      } else {
        // The reader wants a source: any will do until the request's takes its place.
        String rest = value.since(begin).substring(1);
        NewEvent read =
            EventElements.read("{\"source\":\"-\"" + (fields.isEmpty() ? "" : ",") + rest, path);
        event =
            new NewEvent(
                source.get(),
                read.type(),
                read.sourceType(),
                read.streamType(),
                read.streamId(),
                read.tags(),
                read.key(),
                read.tombstone(),
                read.data(),
                read.contentType(),
                read.metadata(),
                read.occurred(),
                read.id());
      }
      events.add(event);
    }

    private void condition(int index, JsonReader value) {
      if (index == MAX_CONDITIONS) {
        throw JsonReader.invalid(
            "conditions", "an append has at most " + MAX_CONDITIONS + " conditions");
      }
      String path = "conditions[" + index + "]";
      int begin = value.begin();
      Expectation expectation = new Expectation(path);
      value.fields(path, expectation::field);
      conditions.add(
          expectation.scope
              ? scope(value.since(begin), path, expectation)
              : expectation.condition());
    }

    private static Condition scope(String json, String path, Expectation expectation) {
      if (expectation.named) {
        throw JsonReader.invalid(
            path, "a condition is an expected version or a scope, not both at once");
      }
      try {
        return FilterJson.readScope(json);
      } catch (JsonSyntaxException e) {
        throw JsonReader.invalid(path, String.valueOf(e.getMessage()));
      }
    }

    private static Set<String> fields(
        String path, JsonReader value, Set<String> known, String what) {
      Set<String> fields = new HashSet<>();
      value.fields(
          path,
          (name, at) -> {
            if (!known.contains(name)) {
              throw JsonReader.invalid(path + "." + name, what + " has no field '" + name + "'");
            }
            fields.add(name);
            at.skip();
          });
      return fields;
    }
  }

  /** A condition on a version, or what shows that it is a scope instead. */
  private static final class Expectation {
    private final String path;
    private boolean scope;
    private boolean named;
    private String source = "";
    private Optional<ExpectedVersion.Expected> version = Optional.empty();

    Expectation(String path) {
      this.path = path;
    }

    void field(String name, JsonReader value) {
      String field = path + "." + name;
      switch (name) {
        case "source" -> {
          named = true;
          source = value.text(field);
        }
        case "version" -> {
          named = true;
          version = Optional.of(version(field, value));
        }
        case "anyOf", "after" -> {
          scope = true;
          value.skip();
        }
        default -> throw JsonReader.invalid(field, "a condition has no field '" + name + "'");
      }
    }

    private static ExpectedVersion.Expected version(String field, JsonReader value) {
      if (!value.atText()) {
        return new ExpectedVersion.Exactly(value.number(field, 0, Long.MAX_VALUE));
      }
      String text = value.text(field);
      return switch (text) {
        case "none" -> ExpectedVersion.Existence.MUST_NOT_EXIST;
        case "exists" -> ExpectedVersion.Existence.MUST_EXIST;
        default ->
            throw JsonReader.invalid(
                field, "'" + field + "' must be a version, \"none\" or \"exists\"");
      };
    }

    Condition condition() {
      if (source.isEmpty()) {
        throw JsonReader.invalid(path + ".source", "a condition on a version needs a 'source'");
      }
      return new ExpectedVersion(
          source,
          version.orElseThrow(
              () ->
                  JsonReader.invalid(
                      path + ".version",
                      "a condition on a version needs a 'version', a number, \"none\" or"
                          + " \"exists\"")));
    }
  }
}
