package io.varve.statemachine;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.Filter;
import io.varve.statemachine.dedup.AppendIndex;
import io.varve.statemachine.dedup.OriginalAnswer;
import io.varve.statemachine.store.AppendRow;
import io.varve.statemachine.store.CommittedLog;
import io.varve.statemachine.store.LogSettings;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/** Reads a {@link LogCore} up to what it has published. */
final class CoreReader implements LogReader {

  private final CommittedLog log;
  private final AppendIndex appends;
  private final Supplier<Published> published;

  CoreReader(CommittedLog log, AppendIndex appends, Supplier<Published> published) {
    this.log = log;
    this.appends = appends;
    this.published = published;
  }

  @Override
  public long head() {
    return published.get().head();
  }

  @Override
  public long recordedMicros() {
    return published.get().recordedMicros();
  }

  @Override
  public long appliedIndex() {
    return published.get().appliedIndex();
  }

  @Override
  public ByteString logIdentity() {
    return published.get().settings().map(LogSettings::logIdentity).orElse(ByteString.EMPTY);
  }

  @Override
  public long dedupWindow() {
    return published.get().settings().map(LogSettings::dedupWindow).orElse(0L);
  }

  @Override
  public long version(String source) {
    return log.version(source, head());
  }

  @Override
  public Optional<StoredEvent> event(long position) {
    return position < 1 || position > head() ? Optional.empty() : log.event(position);
  }

  @Override
  public Optional<Long> position(String source, long version) {
    return log.position(source, version, head());
  }

  @Override
  public Optional<Outcome.Appended> append(UUID id) {
    long first = appends.find(id.getMostSignificantBits(), id.getLeastSignificantBits());
    // Read after the index, which may hold more than is published but never less.
    long head = head();
    if (first == 0 || first > head || first <= head - dedupWindow()) {
      return Optional.empty();
    }
    Optional<AppendRow> row = log.remembered(first);
    return row.map(r -> OriginalAnswer.to(r, p -> log.event(p).orElseThrow()));
  }

  @Override
  public LatestPage latest(
      String source, String keyPrefix, String afterKey, int mostEvents, long mostBytes) {
    requirePositive("mostEvents", mostEvents);
    LatestPage page = log.latest(source, keyPrefix, afterKey, mostEvents, mostBytes);
    awaitPublished();
    return page;
  }

  @Override
  public SourcePage sources(String prefix, String afterSource, int most) {
    requirePositive("most", most);
    return log.sources(prefix, afterSource, most, head());
  }

  @Override
  public long positionAt(long recordedMicros) {
    Published now = published.get();
    return recordedMicros >= now.recordedMicros()
        ? now.head()
        : log.positionAt(recordedMicros, now.head());
  }

  @Override
  public long lastSequence(String clientId, String bufferId) {
    long last = log.lastSequence(clientId, bufferId);
    awaitPublished();
    return last;
  }

  @Override
  public Optional<ByteString> chainHash(long position) {
    Published now = published.get();
    if (position < 0 || position > now.head()) {
      return Optional.empty();
    }
    return Optional.of(position == now.head() ? now.state().chainHash() : log.chainHash(position));
  }

  @Override
  public StoreStatistics statistics() {
    return log.statistics();
  }

  @Override
  public EventCursor log(long fromPosition, Direction direction) {
    return log.log(fromPosition, direction, head());
  }

  @Override
  public EventCursor source(String source, long fromVersion, Direction direction) {
    return log.source(source, fromVersion, direction, head());
  }

  @Override
  public EventCursor filter(Filter filter, long fromPosition, Direction direction) {
    return log.filter(filter, fromPosition, direction, head());
  }

  /**
   * Waits until everything that stands in the store is published, which follows the write at once:
   * for reads that no head bounds, so that no later answer is older than theirs.
   */
  private void awaitPublished() {
    long written = log.appliedIndex();
    while (published.get().appliedIndex() < written) {
      Thread.onSpinWait();
    }
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, not " + value);
    }
  }
}
