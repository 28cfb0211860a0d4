package io.varve.statemachine.model;

import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LatestPage;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoredEvent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Asks a reader everything, so that two readers can be compared by their answers. */
final class Reads {

  /** Filters that every comparison reads by: one for each kind of label, and combinations. */
  private static final List<Filter> FILTERS =
      List.of(
          filter(FilterItem.newBuilder().setSource("a")),
          filter(FilterItem.newBuilder().setSourceType("a")),
          filter(FilterItem.newBuilder().setStreamType("b")),
          filter(FilterItem.newBuilder().setStreamId("c")),
          filter(FilterItem.newBuilder().addTypes("b")),
          filter(FilterItem.newBuilder().addTypes("a").addTypes("c").addTypes("a")),
          filter(FilterItem.newBuilder().addTags("a")),
          filter(FilterItem.newBuilder().addTags("b").addTags("c").addTags("b")),
          filter(FilterItem.newBuilder().setSource("b").addTypes("a").addTypes("b").addTags("a")),
          filter(FilterItem.newBuilder().setSourceType("never-used")),
          filter(
              FilterItem.newBuilder().setSource("never-used"),
              FilterItem.newBuilder().setSource("c").setStreamId("a"),
              FilterItem.newBuilder().addTypes("c").addTags("a"),
              FilterItem.newBuilder().addTypes("c")));

  /** How questions for the position at a time begin. */
  static final String POSITION_AT = "position at ";

  private Reads() {}

  /**
   * Every question and its answer, in a fixed order. Events are read completely once and named by
   * their positions after that.
   */
  static Map<String, Object> all(LogReader reader) {
    return all(reader, reader.head());
  }

  private static Map<String, Object> all(LogReader reader, long head) {
    Map<String, Object> answers = new LinkedHashMap<>();
    answers.put("head", head);
    answers.put("recorded", reader.recordedMicros());
    answers.put("log identity", reader.logIdentity());
    answers.put("dedup window", reader.dedupWindow());
    List<StoredEvent> events = new ArrayList<>();
    for (long position = 0; position <= head + 1; position++) {
      Optional<StoredEvent> event = reader.event(position);
      answers.put("event " + position, event);
      event.ifPresent(events::add);
    }
    for (String source : List.of("a", "b", "c", "d", "never-used")) {
      long version = reader.version(source);
      answers.put("version of " + source, version);
      for (long v = 0; v <= version + 1; v++) {
        answers.put("position of " + source + "@" + v, reader.position(source, v));
      }
      for (long from : starts(version)) {
        for (Direction direction : Direction.values()) {
          answers.put(
              "source " + source + " from " + from + " " + direction,
              positions(reader.source(source, from, direction), head, events));
        }
      }
    }
    for (String source : List.of("a", "b", "never-used")) {
      for (String prefix : List.of("", "a", "b")) {
        String question = "latest of " + source + " with '" + prefix + "'";
        answers.put(question, latest(reader, source, prefix, 100, Long.MAX_VALUE, events));
        answers.put(question + " by one", latest(reader, source, prefix, 1, 1, events));
        answers.put(question + " by bytes", latest(reader, source, prefix, 100, 8, events));
      }
    }
    answers.put("sources", reader.sources("", "", 100));
    answers.put("sources, a page", reader.sources("", "a", 2));
    answers.put("sources, the last page", reader.sources("", "b", 2));
    answers.put("sources by prefix", reader.sources("b", "", 100));
    answers.put("sources after their prefix", reader.sources("b", "b", 100));
    for (long time = Planner.CLOCK_START - 3; time < Planner.CLOCK_START + 40; time += 5) {
      answers.put(POSITION_AT + time, reader.positionAt(time));
    }
    for (String buffer : List.of("b0", "b1", "b2", "never-used")) {
      answers.put("last number of " + buffer, reader.lastSequence(Planner.CLIENT, buffer));
    }
    for (long name = 0; name < Planner.ID_NAMES + 3; name++) {
      ByteBuffer id = Planner.id(name).asReadOnlyByteBuffer();
      answers.put("append " + name, reader.append(new UUID(id.getLong(), id.getLong())));
    }
    for (long from : starts(head)) {
      for (Direction direction : Direction.values()) {
        answers.put(
            "log from " + from + " " + direction,
            positions(reader.log(from, direction), head, events));
        for (int i = 0; i < FILTERS.size(); i++) {
          answers.put(
              "filter " + i + " from " + from + " " + direction,
              positions(reader.filter(FILTERS.get(i), from, direction), head, events));
        }
      }
    }
    return answers;
  }

  /** All pages: the positions of each page's events, and its last key. */
  private static List<Object> latest(
      LogReader reader,
      String source,
      String prefix,
      int mostEvents,
      long mostBytes,
      List<StoredEvent> events) {
    List<Object> pages = new ArrayList<>();
    Optional<String> after = Optional.of("");
    while (after.isPresent()) {
      LatestPage page = reader.latest(source, prefix, after.get(), mostEvents, mostBytes);
      pages.add(page.events().stream().map(event -> position(event, events)).toList());
      pages.add(page.lastKey());
      after = page.lastKey();
    }
    return pages;
  }

  /** The position of an event; negative if it is not the one that stands there. */
  private static long position(StoredEvent event, List<StoredEvent> events) {
    return events.contains(event) ? event.position() : -event.position();
  }

  /** The answers that differ, as text; empty if none does. */
  static List<String> differences(Map<String, Object> expected, Map<String, Object> actual) {
    List<String> differences = new ArrayList<>();
    Set<String> questions = new LinkedHashSet<>(expected.keySet());
    questions.addAll(actual.keySet());
    for (String question : questions) {
      Object wanted = expected.getOrDefault(question, "not asked");
      Object got = actual.getOrDefault(question, "not asked");
      if (!wanted.equals(got)) {
        differences.add(question + ": expected " + wanted + ", got " + got);
      }
    }
    return differences;
  }

  private static Set<Long> starts(long last) {
    Set<Long> starts = new LinkedHashSet<>();
    for (long start : new long[] {1, last / 2, last, last + 2, Long.MAX_VALUE}) {
      starts.add(Math.max(1, start));
    }
    return starts;
  }

  /** What a cursor walks over, by position; a negative number is a mistake. */
  private static List<Long> positions(EventCursor cursor, long head, List<StoredEvent> events) {
    List<Long> positions = new ArrayList<>();
    try (cursor) {
      if (cursor.head() != head) {
        positions.add(-cursor.head());
      }
      Optional<StoredEvent> next = cursor.next();
      while (next.isPresent()) {
        positions.add(position(next.get(), events));
        next = cursor.next();
      }
      if (cursor.next().isPresent()) {
        positions.add(-1L); // Empty must stay empty.
      }
    }
    return positions;
  }

  private static Filter filter(FilterItem.Builder... items) {
    Filter.Builder filter = Filter.newBuilder();
    for (FilterItem.Builder item : items) {
      filter.addAnyOf(item);
    }
    return filter.build();
  }
}
