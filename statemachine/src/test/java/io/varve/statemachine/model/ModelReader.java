package io.varve.statemachine.model;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.Filter;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LatestPage;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.SourcePage;
import io.varve.statemachine.SourcePage.ListedSource;
import io.varve.statemachine.StoreStatistics;
import io.varve.statemachine.StoredEvent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;

/** What the log answers to readers: filters over the model's list of events. */
final class ModelReader implements LogReader {

  private final LogModel model;

  ModelReader(LogModel model) {
    this.model = model;
  }

  @Override
  public long head() {
    return model.head();
  }

  @Override
  public long recordedMicros() {
    return model.recordedMicros();
  }

  @Override
  public long appliedIndex() {
    throw new UnsupportedOperationException("the model knows no Raft log");
  }

  @Override
  public ByteString logIdentity() {
    return model.logIdentity();
  }

  @Override
  public long version(String source) {
    return model.version(source);
  }

  @Override
  public Optional<StoredEvent> event(long position) {
    return model.events().stream().filter(event -> event.position() == position).findFirst();
  }

  @Override
  public Optional<Long> position(String source, long version) {
    return model.events().stream()
        .filter(event -> event.source().equals(source) && event.version() == version)
        .map(StoredEvent::position)
        .findFirst();
  }

  @Override
  public Optional<Outcome.Appended> append(UUID id) {
    ByteBuffer bytes = ByteBuffer.allocate(16);
    bytes.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits()).flip();
    return model.landedAs(ByteString.copyFrom(bytes));
  }

  @Override
  public long dedupWindow() {
    return model.dedupWindow();
  }

  @Override
  public LatestPage latest(
      String source, String keyPrefix, String afterKey, int mostEvents, long mostBytes) {
    List<StoredEvent> page = new ArrayList<>();
    String lastKey = "";
    for (StoredEvent event : model.newestByKey(source).tailMap(afterKey, false).values()) {
      if (!event.key().startsWith(keyPrefix)) {
        continue;
      }
      long bytes =
          page.stream().mapToLong(taken -> taken.data().size() + taken.metadata().size()).sum();
      if (page.size() == mostEvents || (!page.isEmpty() && bytes >= mostBytes)) {
        return new LatestPage(page, Optional.of(lastKey));
      }
      lastKey = event.key();
      if (model.showsLatest(event)) {
        page.add(event);
      }
    }
    return new LatestPage(page, Optional.empty());
  }

  @Override
  public SourcePage sources(String prefix, String afterSource, int most) {
    List<String> names =
        model.sources(prefix).stream().filter(name -> name.compareTo(afterSource) > 0).toList();
    return new SourcePage(
        names.stream().limit(most).map(this::listed).toList(), names.size() > most);
  }

  private ListedSource listed(String source) {
    long version = model.version(source);
    return new ListedSource(source, version, position(source, version).orElseThrow());
  }

  @Override
  public long positionAt(long recordedMicros) {
    return model.positionAt(recordedMicros);
  }

  @Override
  public long lastSequence(String clientId, String bufferId) {
    return model.lastSequence(clientId, bufferId);
  }

  @Override
  public Optional<ByteString> chainHash(long position) {
    throw new UnsupportedOperationException("the model hashes nothing");
  }

  @Override
  public StoreStatistics statistics() {
    throw new UnsupportedOperationException("the model has no store");
  }

  @Override
  public EventCursor log(long fromPosition, Direction direction) {
    return direction == Direction.FORWARD
        ? cursor(event -> event.position() >= fromPosition, direction)
        : cursor(event -> event.position() <= fromPosition, direction);
  }

  @Override
  public EventCursor source(String source, long fromVersion, Direction direction) {
    Predicate<StoredEvent> inReach =
        direction == Direction.FORWARD
            ? event -> event.version() >= fromVersion
            : event -> event.version() <= fromVersion;
    return cursor(inReach.and(event -> event.source().equals(source)), direction);
  }

  @Override
  public EventCursor filter(Filter filter, long fromPosition, Direction direction) {
    Predicate<StoredEvent> inReach =
        direction == Direction.FORWARD
            ? event -> event.position() >= fromPosition
            : event -> event.position() <= fromPosition;
    return cursor(inReach.and(event -> model.matches(filter, event)), direction);
  }

  private EventCursor cursor(Predicate<StoredEvent> wanted, Direction direction) {
    List<StoredEvent> events = new ArrayList<>(model.events());
    events.removeIf(wanted.negate());
    if (direction == Direction.BACKWARD) {
      Collections.reverse(events);
    }
    long head = model.head();
    Iterator<StoredEvent> rest = events.iterator();
    return new EventCursor() {
      @Override
      public Optional<StoredEvent> next() {
        return rest.hasNext() ? Optional.of(rest.next()) : Optional.empty();
      }

      @Override
      public long head() {
        return head;
      }

      @Override
      public void close() {}
    };
  }
}
