package io.varve.statemachine.store;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.ConflictingEvent;
import io.varve.statemachine.Outcome.SourceVersion;
import io.varve.statemachine.StoreOptions;
import io.varve.statemachine.StoredEvent;
import io.varve.statemachine.condition.LabelKind;
import io.varve.statemachine.condition.LogIndex;
import io.varve.statemachine.condition.LogView;
import io.varve.statemachine.condition.VersionWalk;
import io.varve.statemachine.condition.Walk;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The log as its one writer sees it: what is in the store, and on top what the entry being applied
 * adds. {@link #commit} puts that into the store, in one batch. Not thread-safe.
 *
 * <p>What is kept in memory makes decisions faster, never different; it is trimmed to its bounds
 * only between entries.
 */
public final class StagedLog implements LogView, AutoCloseable {

  /** What stands in the header of an event that is not local-first, behind its number. */
  private static final byte[] NOBODY = {};

  private final LogStore store;
  private final SourceTable sources;
  private final LabelTable labels;
  private final OriginTable origins;
  private final ChainHash chain;
  private final Salts salts = new Salts();
  private final Batch batch = new Batch();
  private final StagedEvents stagedEvents = new StagedEvents();
  private final Map<Long, AppendRow> stagedAppends = new HashMap<>();
  private final LogIndex backward = new BackwardIndex();

  private StoreState committed;
  private Optional<LogSettings> settings;
  private long head;
  private long recordedMicros;

  public StagedLog(LogStore store, StoreOptions options) {
    this.store = store;
    this.committed = store.state();
    this.settings = store.settings();
    this.head = committed.head();
    this.recordedMicros = committed.recordedMicros();
    this.sources = new SourceTable(store, options.cachedSources(), committed.nextSource());
    this.labels = new LabelTable(store, options.cachedLabels(), committed.nextLabel());
    this.origins = new OriginTable(store);
    this.chain = new ChainHash(committed.chainHash());
    this.stagedEvents.clear(head);
  }

  /** What was fixed when the log was founded; empty before. */
  public Optional<LogSettings> settings() {
    return settings;
  }

  /** Fixes the log's settings. */
  public void found(LogSettings founded) {
    settings = Optional.of(founded);
    store.meta().putSettings(batch, founded);
  }

  /** The recorded time of the event at the head, microseconds since the epoch. */
  public long recordedMicros() {
    return recordedMicros;
  }

  /** Derives the salts of events appended from now on from this seed. */
  public void seedSalts(ByteString seed) {
    salts.seed(seed);
  }

  /**
   * Appends events.
   *
   * @param events the events, at least one
   * @param encoded the same events, encoded
   * @param recorded their recorded time, not before {@link #recordedMicros()}
   */
  public Outcome.Appended append(List<NewEvent> events, EncodedEvents encoded, long recorded) {
    long first = head + 1;
    recordedMicros = recorded;
    List<SourceEntry> touched = new ArrayList<>(1);
    for (int i = 0; i < events.size(); i++) {
      append(events.get(i), encoded, i, EventCodec.NO_ORIGIN, NOBODY, first, touched);
    }
    return appended(first, touched);
  }

  /**
   * Appends the later events of an origin's run. Which numbers have landed by that is for {@link
   * #take} to say.
   *
   * @param events the run's events
   * @param from the index of the first to append; their number if there is none
   * @param encoded the same events, encoded
   * @param recorded their recorded time, not before {@link #recordedMicros()}
   * @param origin who wrote them
   * @param sequences the origin's number of each event to append
   */
  public Outcome.Appended append(
      List<NewEvent> events,
      int from,
      EncodedEvents encoded,
      long recorded,
      StagedOrigin origin,
      long[] sequences) {
    if (from == events.size()) {
      return new Outcome.Appended(0, 0, List.of(), recorded, false);
    }
    long first = head + 1;
    recordedMicros = recorded;
    List<SourceEntry> touched = new ArrayList<>(1);
    for (int i = from; i < events.size(); i++) {
      append(events.get(i), encoded, i, sequences[i - from], origin.headerPart(), first, touched);
    }
    return appended(first, touched);
  }

  private Outcome.Appended appended(long first, List<SourceEntry> touched) {
    List<SourceVersion> versions = new ArrayList<>(touched.size());
    for (SourceEntry source : touched) {
      versions.add(new SourceVersion(source.name(), source.version()));
    }
    return new Outcome.Appended(first, head, versions, recordedMicros, false);
  }

  private void append(
      NewEvent event,
      EncodedEvents encoded,
      int index,
      long clientSequence,
      byte[] origin,
      long first,
      List<SourceEntry> touched) {
    long position = ++head;
    SourceEntry source = sources.findOrCreate(event.getSource(), batch);
    long version = sources.add(source, position, batch);
    writeRecord(encoded, index, position, version, clientSequence, origin);
    labels.add(LabelKind.SOURCE_TYPE, event.getSourceType(), position, batch);
    labels.add(LabelKind.STREAM_TYPE, event.getStreamType(), position, batch);
    labels.add(LabelKind.STREAM_ID, event.getStreamId(), position, batch);
    labels.add(LabelKind.EVENT_TYPE, event.getType(), position, batch);
    for (int i = 0; i < event.getTagsCount(); i++) {
      labels.add(LabelKind.TAG, event.getTags(i), position, batch);
    }
    if (!event.getKey().isEmpty()) {
      store.latest().put(batch, source.number(), event.getKey(), position);
    }
    if (source.isFirstOf(first)) {
      touched.add(source);
    }
  }

  private void writeRecord(
      EncodedEvents encoded,
      int index,
      long position,
      long version,
      long clientSequence,
      byte[] origin) {
    int headerLength =
        EventCodec.headerLength(
            encoded, index, position, version, recordedMicros, clientSequence, origin);
    int recordLength = headerLength + Salts.BYTES + encoded.payloadLength(index);
    ByteWriter out = store.events().put(batch, position, recordLength);
    int offset = out.size();
    EventCodec.writeHeader(
        encoded, index, position, version, recordedMicros, clientSequence, origin, out);
    salts.write(position, out);
    encoded.writePayload(index, out);
    stagedEvents.add(offset, recordLength);
    chain.append(out.array(), offset, headerLength, recordLength);
    if (position % MetaColumn.CHAIN_INTERVAL == 0) {
      store.meta().putChainHash(batch, position, chain.array());
    }
  }

  /** Remembers an append with an id, just appended. */
  public void remember(AppendRow row) {
    store.appends().put(batch, row);
    stagedAppends.put(row.firstPosition(), row);
  }

  /** Forgets the appends of positions above {@code after}, up to {@code upTo} inclusive. */
  public void forget(long after, long upTo) {
    store.appends().trim(batch, after, upTo);
  }

  /** What is remembered of the append whose first event is at a position. */
  public Optional<AppendRow> remembered(long firstPosition) {
    return stagedEvents.contains(firstPosition)
        ? Optional.ofNullable(stagedAppends.get(firstPosition))
        : store.appends().find(firstPosition);
  }

  /** An origin, of which nothing may have landed. */
  public StagedOrigin origin(String client, String buffer) {
    return origins.find(new OriginName(client, buffer));
  }

  /**
   * The next numbers of an origin have landed.
   *
   * @param positions where they stand, in order, at least one; 0 for a void
   */
  public void take(StagedOrigin origin, long[] positions) {
    origins.add(origin, positions, batch);
  }

  /** Whether the event at a position, 1 to the head, is just what an encoded one would be there. */
  public boolean holds(long position, EncodedEvents encoded, int index) {
    return EventCodec.holds(record(position), encoded, index);
  }

  /** The event at a position, 1 to the head. */
  public StoredEvent event(long position) {
    return EventCodec.decode(record(position));
  }

  /** Puts everything into the store, as of an applied entry, and returns where it stands then. */
  public StoreState commit(long term, long index) {
    committed =
        new StoreState(
            term,
            index,
            head,
            recordedMicros,
            sources.nextNumber(),
            labels.nextNumber(),
            chain.current());
    store.meta().putState(batch, committed);
    store.write(batch);
    batch.clear();
    sources.commit();
    labels.commit();
    origins.commit();
    stagedEvents.clear(head);
    stagedAppends.clear();
    return committed;
  }

  /** Leaves out what is not committed, and closes what reading it opened. */
  @Override
  public void close() {
    sources.close();
    labels.close();
  }

  @Override
  public long head() {
    return head;
  }

  @Override
  public long version(String source) {
    return sources.find(source).version();
  }

  @Override
  public long newestPosition(String source) {
    return sources.find(source).newestPosition();
  }

  @Override
  public ConflictingEvent describe(long position) {
    return EventCodec.describe(record(position));
  }

  @Override
  public LogIndex backward() {
    return backward;
  }

  private byte[] record(long position) {
    return stagedEvents.contains(position)
        ? stagedEvents.record(position, batch)
        : store.events().get(position);
  }

  private final class BackwardIndex implements LogIndex {

    @Override
    public Walk label(LabelKind kind, String value) {
      return labels.backward(kind, value);
    }

    @Override
    public Walk source(String name) {
      SourceEntry source = sources.find(name);
      return new VersionWalk(
          Direction.BACKWARD,
          source.version(),
          version -> source.position(version, store.bySource()));
    }
  }
}
