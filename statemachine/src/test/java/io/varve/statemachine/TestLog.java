package io.varve.statemachine;

import com.google.protobuf.ByteString;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.replicated.v1.Founding;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Existence;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** A core with an index that goes up by itself, and short words for what is put into it. */
public final class TestLog implements AutoCloseable {

  public static final ByteString IDENTITY = ByteString.copyFromUtf8("0123456789abcdef");
  public static final long RECORDED = 1_700_000_000_000_000L;

  private final Path directory;
  private final StoreOptions options;
  private LogCore core;

  private TestLog(Path directory, StoreOptions options) {
    this.directory = directory;
    this.options = options;
    this.core = LogCore.open(directory, options);
  }

  public static TestLog open(Path directory) {
    return new TestLog(directory, StoreOptions.defaults());
  }

  public static TestLog open(Path directory, StoreOptions options) {
    return new TestLog(directory, options);
  }

  /** A log founded with the default window and step limit. */
  public static TestLog founded(Path directory) {
    return founded(directory, 1_000_000, 100_000);
  }

  public static TestLog founded(Path directory, long dedupWindow, long scopeStepLimit) {
    TestLog log = open(directory);
    log.found(dedupWindow, scopeStepLimit);
    return log;
  }

  public LogCore core() {
    return core;
  }

  public LogReader reader() {
    return core.reader();
  }

  public void reopen() {
    core.close();
    core = LogCore.open(directory, options);
  }

  public void found(long dedupWindow, long scopeStepLimit) {
    apply(
        Command.newBuilder()
            .setFormat(1)
            .setFounding(
                Founding.newBuilder()
                    .setLogIdentity(IDENTITY)
                    .setLog("default")
                    .setDedupWindow(dedupWindow)
                    .setScopeStepLimit(scopeStepLimit))
            .build());
  }

  /** Applies appends as one entry. */
  public List<Outcome> append(Append... appends) {
    return append(RECORDED, appends);
  }

  public List<Outcome> append(long recordedMicros, Append... appends) {
    return apply(
        Command.newBuilder()
            .setFormat(1)
            .setAppendBatch(
                AppendBatch.newBuilder()
                    .setRecordedMicros(recordedMicros)
                    .setSaltSeed(ByteString.copyFromUtf8("salt seed of 16b"))
                    .addAllAppends(Arrays.asList(appends)))
            .build());
  }

  public Outcome appendOne(Append append) {
    return append(append).get(0);
  }

  public Outcome.Appended appended(Append append) {
    return (Outcome.Appended) appendOne(append);
  }

  public Outcome.Refused refused(Append append) {
    return (Outcome.Refused) appendOne(append);
  }

  public Outcome.Conflict conflict(Append append) {
    return (Outcome.Conflict) appendOne(append);
  }

  public List<Outcome> apply(Command command) {
    return core.apply(1, core.appliedIndex() + 1, command.toByteString());
  }

  @Override
  public void close() {
    core.close();
  }

  public static Append append(NewEvent... events) {
    return Append.newBuilder().addAllEvents(Arrays.asList(events)).build();
  }

  public static Append withId(UUID id, long knownPosition, Append append) {
    ByteString bytes = ByteString.fromHex(id.toString().replace("-", ""));
    return append.toBuilder()
        .setAppendId(AppendId.newBuilder().setId(bytes).setKnownPosition(knownPosition))
        .build();
  }

  public static Append when(Append append, Condition... conditions) {
    return append.toBuilder().addAllConditions(Arrays.asList(conditions)).build();
  }

  public static NewEvent event(String source, String type, String... tags) {
    return NewEvent.newBuilder()
        .setSource(source)
        .setType(type)
        .addAllTags(Arrays.asList(tags))
        .setData(ByteString.copyFromUtf8("{\"of\":\"" + source + "\"}"))
        .build();
  }

  public static Condition exactly(String source, long version) {
    return expected(ExpectedVersion.newBuilder().setSource(source).setExactly(version));
  }

  public static Condition mustExist(String source) {
    return expected(
        ExpectedVersion.newBuilder()
            .setSource(source)
            .setExistence(Existence.EXISTENCE_MUST_EXIST));
  }

  public static Condition mustNotExist(String source) {
    return expected(
        ExpectedVersion.newBuilder()
            .setSource(source)
            .setExistence(Existence.EXISTENCE_MUST_NOT_EXIST));
  }

  private static Condition expected(ExpectedVersion.Builder expected) {
    return Condition.newBuilder().setExpectedVersion(expected).build();
  }

  public static Condition scope(long after, FilterItem... items) {
    return Condition.newBuilder()
        .setConcurrencyScope(ConcurrencyScope.newBuilder().setFilter(filter(items)).setAfter(after))
        .build();
  }

  public static Filter filter(FilterItem... items) {
    return Filter.newBuilder().addAllAnyOf(Arrays.asList(items)).build();
  }

  public static FilterItem types(String... types) {
    return FilterItem.newBuilder().addAllTypes(Arrays.asList(types)).build();
  }

  public static FilterItem tags(String... tags) {
    return FilterItem.newBuilder().addAllTags(Arrays.asList(tags)).build();
  }

  public static FilterItem source(String source) {
    return FilterItem.newBuilder().setSource(source).build();
  }

  /** The positions a cursor visits; closes it. */
  public static List<Long> positions(EventCursor cursor) {
    List<Long> positions = new ArrayList<>();
    for (StoredEvent event : events(cursor)) {
      positions.add(event.position());
    }
    return positions;
  }

  /** The events a cursor visits; closes it. */
  public static List<StoredEvent> events(EventCursor cursor) {
    List<StoredEvent> events = new ArrayList<>();
    try (cursor) {
      for (Optional<StoredEvent> next = cursor.next(); next.isPresent(); next = cursor.next()) {
        events.add(next.get());
      }
    }
    return events;
  }
}
