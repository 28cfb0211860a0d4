package io.varve.statemachine.store;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.StoreException;
import io.varve.statemachine.StoredEvent;
import io.varve.statemachine.condition.LabelKind;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * Everything a store holds, row by row as it stands on disk: for audits, which must not trust the
 * code that keeps the rows in step. Opened read-only, on a checkpoint or on the store of a node
 * that is down. Not thread-safe.
 *
 * <p>A row that cannot be decoded is told to the one who opened this, and left out. What RocksDB
 * itself cannot read is a {@link StoreException}.
 */
public final class StoreContents implements AutoCloseable {

  /** How far apart the chain hashes kept in {@code meta} are, in positions. */
  public static final int CHAIN_INTERVAL = MetaColumn.CHAIN_INTERVAL;

  private final LogStore store;
  private final Consumer<String> malformed;

  private StoreContents(LogStore store, Consumer<String> malformed) {
    this.store = store;
    this.malformed = malformed;
  }

  /**
   * Opens the store in a directory.
   *
   * @param malformed told of each row that cannot be decoded: its column family and key, and why
   * @throws StoreException if there is none, it cannot be read, or has an unknown format
   */
  public static StoreContents open(Path directory, Consumer<String> malformed) {
    return new StoreContents(LogStore.openReadOnly(directory), malformed);
  }

  /** Where the store stands. */
  public StoreState state() {
    return store.state();
  }

  /** What was fixed when the log was founded; empty before. */
  public Optional<LogSettings> settings() {
    return store.settings();
  }

  // ---- All rows

  /** {@code events}, in log order. */
  public void forEachEvent(Consumer<EventRow> action) {
    forEach(
        EventsColumn.NAME,
        store.events(),
        (key, value) -> EventRow.of(EventsColumn.position(exactly(Long.BYTES, key)), value),
        action);
  }

  /** {@code appends}, in log order; those of appends forgotten long ago are not there any more. */
  public void forEachAppend(Consumer<AppendRow> action) {
    forEach(
        AppendsColumn.NAME,
        store.appends(),
        (key, value) -> AppendsColumn.decode(Keys.first(exactly(Long.BYTES, key)), value),
        action);
  }

  /** {@code sources}, by name. */
  public void forEachSource(Consumer<SourceRow> action) {
    forEach(
        SourcesColumn.NAME,
        store.sources(),
        (key, value) -> new SourceRow(SourcesColumn.source(key), number(value)),
        action);
  }

  /** {@code by_source}, by source number and version. */
  public void forEachVersion(Consumer<VersionRow> action) {
    forEach(
        BySourceColumn.NAME,
        store.bySource(),
        (key, value) ->
            new VersionRow(
                Keys.first(exactly(2 * Long.BYTES, key)), Keys.second(key), number(value)),
        action);
  }

  /** {@code names}, by kind and value. */
  public void forEachLabel(Consumer<LabelRow> action) {
    forEach(
        NamesColumn.NAME,
        store.names(),
        (key, value) -> {
          Label label = NamesColumn.label(key);
          return new LabelRow(label.kind(), label.value(), number(value));
        },
        action);
  }

  /** {@code labels}, by label number and position. */
  public void forEachPosting(Consumer<PostingRow> action) {
    forEach(
        LabelsColumn.NAME,
        store.labels(),
        (key, value) -> {
          exactly(0, value);
          return new PostingRow(Keys.first(exactly(2 * Long.BYTES, key)), Keys.second(key));
        },
        action);
  }

  /** {@code latest}, by source number and key. */
  public void forEachLatest(Consumer<LatestRow> action) {
    forEach(
        LatestColumn.NAME,
        store.latest(),
        (key, value) ->
            new LatestRow(LatestColumn.source(key), LatestColumn.key(key), number(value)),
        action);
  }

  /** {@code origins}, by client and buffer; without the row that counts them. */
  public void forEachOrigin(Consumer<OriginRow> action) {
    forEach(
        OriginsColumn.NAME,
        store.origins(),
        (key, value) -> {
          if (OriginsColumn.isCount(key)) {
            number(value);
            return Optional.<OriginRow>empty();
          }
          OriginsColumn.Value kept = OriginsColumn.decode(exactly(2 * Long.BYTES, value));
          OriginName name = OriginName.of(key);
          return Optional.of(
              new OriginRow(name.client(), name.buffer(), kept.number(), kept.last()));
        },
        row -> row.ifPresent(action));
  }

  /** {@code by_origin}, by origin number and number. */
  public void forEachSequence(Consumer<SequenceRow> action) {
    forEach(
        ByOriginColumn.NAME,
        store.byOrigin(),
        (key, value) ->
            new SequenceRow(
                Keys.first(exactly(2 * Long.BYTES, key)), Keys.second(key), number(value)),
        action);
  }

  /**
   * Rows of {@code meta} that nothing should have written, each as text.
   *
   * @param head the newest position, above which {@code meta} keeps no chain hash
   */
  public void forEachStray(long head, Consumer<String> action) {
    store
        .meta()
        .forEach(
            store.wholeReads(),
            (key, value) -> {
              if (!MetaColumn.isExpected(key, head)) {
                action.accept(named(MetaColumn.NAME, key) + ": extra");
              }
            });
  }

  // ---- One row

  /** The event record at a position, if there is one that can be decoded. */
  public Optional<EventRow> event(long position) {
    byte[] record = store.events().find(position);
    try {
      return record == null ? Optional.empty() : Optional.of(EventRow.of(position, record));
    } catch (StoreException e) {
      return Optional.empty(); // Told when all are visited.
    }
  }

  /** A source's number; 0 if it has none. */
  public long sourceNumber(String source) {
    return store.sources().number(source);
  }

  /** A label's number; 0 if it has none. */
  public long labelNumber(LabelKind kind, String value) {
    return store.names().number(new Label(kind, value));
  }

  /** The position of a version of the source with a number; 0 if there is no such version. */
  public long position(long source, long version) {
    return store.bySource().find(source, version);
  }

  /** Whether a position is in the list of the label with a number. */
  public boolean isListed(long label, long position) {
    return store.labels().contains(label, position);
  }

  /**
   * The position of the newest event with a key, of the source with a number; 0 if none is kept.
   */
  public long latest(long source, String key) {
    return store.latest().find(source, key);
  }

  /** How many origins there are, as their column family says. */
  public long originCount() {
    return store.origins().count();
  }

  /** An origin's number; 0 if it has none. */
  public long originNumber(String client, String buffer) {
    return store
        .origins()
        .find(new OriginName(client, buffer))
        .map(OriginsColumn.Value::number)
        .orElse(0L);
  }

  /** The position that is kept for a number of the origin with a number, if any is. */
  public Optional<Long> sequence(long origin, long sequence) {
    return store.byOrigin().contains(origin, sequence)
        ? Optional.of(store.byOrigin().position(origin, sequence))
        : Optional.empty();
  }

  /** The chain hash kept at a position, if one is. */
  public Optional<ByteString> chainHash(long position) {
    return store.meta().chainHash(position);
  }

  /** The event as its caller handed it in. */
  public static NewEvent handedIn(StoredEvent event) {
    return EventCodec.handedIn(event);
  }

  @Override
  public void close() {
    store.close();
  }

  private <T> void forEach(
      String name, Column column, BiFunction<byte[], byte[], T> decoder, Consumer<T> action) {
    column.forEach(
        store.wholeReads(),
        (key, value) -> {
          T row;
          try {
            row = decoder.apply(key, value);
          } catch (StoreException | IllegalArgumentException | IndexOutOfBoundsException e) {
            malformed.accept(named(name, key) + ": malformed: " + e.getMessage());
            return;
          }
          action.accept(row);
        });
  }

  private static String named(String column, byte[] key) {
    return column + " 0x" + HexFormat.of().formatHex(key);
  }

  private static long number(byte[] value) {
    return Keys.first(exactly(Long.BYTES, value));
  }

  private static byte[] exactly(int length, byte[] bytes) {
    if (bytes.length != length) {
      throw new StoreException(bytes.length + " bytes, not " + length);
    }
    return bytes;
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
      StoredEvent event = EventCodec.decode(record);
      int headerLength = EventCodec.headerLength(record);
      int payloadStart = headerLength + Salts.BYTES;
      return new EventRow(
          position,
          ByteString.copyFrom(record, 0, headerLength),
          ByteString.copyFrom(record, headerLength, Salts.BYTES),
          ByteString.copyFrom(record, payloadStart, record.length - payloadStart),
          event);
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
   * An origin.
   *
   * @param client its client id
   * @param buffer its buffer id
   * @param number its number
   * @param last the last of its own numbers that landed
   */
  public record OriginRow(String client, String buffer, long number, long last) {}

  /**
   * One number of an origin.
   *
   * @param origin the origin's number
   * @param sequence the number
   * @param position the position of its event; 0 = it is a void
   */
  public record SequenceRow(long origin, long sequence, long position) {}
}
