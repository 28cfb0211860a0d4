package io.varve.statemachine.store;

import com.google.protobuf.ByteString;
import io.varve.statemachine.StoreException;
import io.varve.statemachine.StoredEvent;
import io.varve.statemachine.condition.LabelKind;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Everything a store holds, row by row as it stands on disk: for audits, which must not trust the
 * code that keeps the rows in step. Opened read-only, on a checkpoint or on the store of a node
 * that is down. Not thread-safe.
 */
public final class StoreContents implements AutoCloseable {

  private final LogStore store;

  private StoreContents(LogStore store) {
    this.store = store;
  }

  /**
   * Opens the store in a directory.
   *
   * @throws StoreException if there is none, it cannot be read, or has an unknown format
   */
  public static StoreContents open(Path directory) {
    return new StoreContents(LogStore.openReadOnly(directory));
  }

  /** Where the store stands. */
  public StoreState state() {
    return store.state();
  }

  /** What was fixed when the log was founded; empty before. */
  public Optional<LogSettings> settings() {
    return store.settings();
  }

  /** {@code events}, in log order. */
  public void forEachEvent(Consumer<EventRow> action) {
    store
        .events()
        .forEach(
            store.wholeReads(),
            (key, value) -> action.accept(EventRow.of(EventsColumn.position(key), value)));
  }

  /** {@code appends}, in log order; those of appends forgotten long ago are not there any more. */
  public void forEachAppend(Consumer<AppendRow> action) {
    store.appends().forEachAfter(0, store.wholeReads(), action);
  }

  /** {@code sources}, by name. */
  public void forEachSource(Consumer<SourceRow> action) {
    store
        .sources()
        .forEach(
            store.wholeReads(),
            (key, value) ->
                action.accept(new SourceRow(SourcesColumn.source(key), Keys.first(value))));
  }

  /** {@code by_source}, by source number and version. */
  public void forEachVersion(Consumer<VersionRow> action) {
    store
        .bySource()
        .forEach(
            store.wholeReads(),
            (key, value) ->
                action.accept(
                    new VersionRow(Keys.first(key), Keys.second(key), Keys.first(value))));
  }

  /** {@code names}, by kind and value. */
  public void forEachLabel(Consumer<LabelRow> action) {
    store
        .names()
        .forEach(
            store.wholeReads(),
            (key, value) -> {
              Label label = NamesColumn.label(key);
              action.accept(new LabelRow(label.kind(), label.value(), Keys.first(value)));
            });
  }

  /** {@code labels}, by label number and position. */
  public void forEachPosting(Consumer<PostingRow> action) {
    store
        .labels()
        .forEach(
            store.wholeReads(),
            (key, value) -> action.accept(new PostingRow(Keys.first(key), Keys.second(key))));
  }

  /** {@code latest}, by source number and key. */
  public void forEachLatest(Consumer<LatestRow> action) {
    store
        .latest()
        .forEach(
            store.wholeReads(),
            (key, value) ->
                action.accept(
                    new LatestRow(
                        LatestColumn.source(key), LatestColumn.key(key), Keys.first(value))));
  }

  /** The chain hashes kept in {@code meta}, in log order. */
  public void forEachChainHash(Consumer<ChainHashRow> action) {
    store
        .meta()
        .forEachChainHash(
            store.wholeReads(),
            (position, hash) -> action.accept(new ChainHashRow(position, hash)));
  }

  @Override
  public void close() {
    store.close();
  }

  /**
   * One event record.
   *
   * @param position the position its key names
   * @param header the canonical header, which the chain hash covers
   * @param salt the salt
   * @param payload the payload
   * @param event what the record says when decoded
   */
  public record EventRow(
      long position, ByteString header, ByteString salt, ByteString payload, StoredEvent event) {

    private static EventRow of(long position, byte[] record) {
      int headerLength = EventCodec.headerLength(record);
      int payloadStart = headerLength + Salts.BYTES;
      return new EventRow(
          position,
          ByteString.copyFrom(record, 0, headerLength),
          ByteString.copyFrom(record, headerLength, Salts.BYTES),
          ByteString.copyFrom(record, payloadStart, record.length - payloadStart),
          EventCodec.decode(record));
    }
  }

  /**
   * A source.
   *
   * @param source its name
   * @param number its number
   */
  public record SourceRow(String source, long number) {}

  /**
   * One version of a source.
   *
   * @param source the source's number
   * @param version the version
   * @param position the position of its event
   */
  public record VersionRow(long source, long version, long position) {}

  /**
   * A label.
   *
   * @param kind its kind
   * @param value its value
   * @param number its number
   */
  public record LabelRow(LabelKind kind, String value, long number) {}

  /**
   * One event of a label's list.
   *
   * @param label the label's number
   * @param position the event's position
   */
  public record PostingRow(long label, long position) {}

  /**
   * The newest event of a key.
   *
   * @param source the source's number
   * @param key the key
   * @param position the event's position
   */
  public record LatestRow(long source, String key, long position) {}

  /**
   * A kept chain hash.
   *
   * @param position the position it is of
   * @param hash the hash, 32 bytes
   */
  public record ChainHashRow(long position, ByteString hash) {}
}
