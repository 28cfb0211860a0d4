package io.varve.statemachine.store;

import io.varve.statemachine.EmptyStoreException;
import io.varve.statemachine.LogClosedException;
import io.varve.statemachine.StoreException;
import io.varve.statemachine.StoreOptions;
import io.varve.statemachine.StoreStatistics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.rocksdb.Cache;
import org.rocksdb.Checkpoint;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.HistogramType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Statistics;
import org.rocksdb.StatsLevel;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * One RocksDB and its column families.
 *
 * <p>It is reference-counted, because a native store must not vanish beneath somebody who reads it:
 * {@link #close} refuses new references, and the last one released closes the native store. Reading
 * is thread-safe under a reference; writing is for one thread.
 */
public final class LogStore implements AutoCloseable {

  private static final String UNUSED_DEFAULT =
      new String(RocksDB.DEFAULT_COLUMN_FAMILY, StandardCharsets.UTF_8);

  private static final long INFO_LOG_BYTES = 4 << 20;
  private static final long SYNC_BYTES = 1 << 20;

  private final NativeResources natives;
  private final RocksDB db;
  private final StoreMeter meter;
  private final boolean flushOnClose;
  private final WriteOptions writeOptions;
  private final FlushOptions flushOptions;
  private final ReadOptions listReads;
  private final ReadOptions scanReads;
  private final ReadOptions wholeReads;
  private final List<ColumnFamilyHandle> handles;

  private final EventsColumn events;
  private final AppendsColumn appends;
  private final SourcesColumn sources;
  private final BySourceColumn bySource;
  private final NamesColumn names;
  private final LabelsColumn labels;
  private final LatestColumn latest;
  private final OriginsColumn origins;
  private final ByOriginColumn byOrigin;
  private final MetaColumn meta;

  private final AtomicBoolean closed = new AtomicBoolean();

  /** References held, the open store's own included; 0 = the native store is closed. */
  private final AtomicLong references = new AtomicLong(1);

  private LogStore(
      NativeResources natives,
      RocksDB db,
      Map<String, ColumnFamilyHandle> columns,
      StoreMeter meter,
      boolean flushOnClose) {
    this.natives = natives;
    this.db = db;
    this.meter = meter;
    this.flushOnClose = flushOnClose;
    this.handles = List.copyOf(columns.values());
    this.writeOptions = natives.keep(new WriteOptions()).setDisableWAL(true);
    this.flushOptions = natives.keep(new FlushOptions()).setWaitForFlush(true);
    this.listReads = natives.keep(new ReadOptions()).setPrefixSameAsStart(true);
    this.scanReads = natives.keep(new ReadOptions()).setFillCache(false);
    this.wholeReads = natives.keep(new ReadOptions()).setFillCache(false).setTotalOrderSeek(true);
    this.events = new EventsColumn(db, columns.get(EventsColumn.NAME));
    this.appends = new AppendsColumn(db, columns.get(AppendsColumn.NAME));
    this.sources = new SourcesColumn(db, columns.get(SourcesColumn.NAME));
    this.bySource = new BySourceColumn(db, columns.get(BySourceColumn.NAME));
    this.names = new NamesColumn(db, columns.get(NamesColumn.NAME));
    this.labels = new LabelsColumn(db, columns.get(LabelsColumn.NAME));
    this.latest = new LatestColumn(db, columns.get(LatestColumn.NAME));
    this.origins = new OriginsColumn(db, columns.get(OriginsColumn.NAME));
    this.byOrigin = new ByOriginColumn(db, columns.get(ByOriginColumn.NAME));
    this.meta = new MetaColumn(db, columns.get(MetaColumn.NAME));
  }

  /**
   * Opens the store in a directory, creating it when missing.
   *
   * @throws StoreException if it cannot be read, is open already, or has an unknown format
   */
  public static LogStore open(Path directory, StoreOptions options) {
    RocksDB.loadLibrary();
    NativeResources natives = new NativeResources();
    try {
      Files.createDirectories(directory);
      LogStore store = open(directory, options, natives, RocksDB::open);
      if (!store.meta.hasFormat()) {
        store.writeFormat();
      }
      return store;
    } catch (RocksDBException | IOException e) {
      natives.close();
      throw cannotOpen(directory, e);
    } catch (RuntimeException e) {
      natives.close();
      throw e;
    }
  }

  /**
   * Opens a store that nobody writes to, to read what was flushed: a checkpoint, or the store of a
   * node that is down.
   *
   * @throws EmptyStoreException if nothing was ever flushed to it
   * @throws StoreException if there is none, it cannot be read, or has an unknown format
   */
  static LogStore openReadOnly(Path directory) {
    RocksDB.loadLibrary();
    NativeResources natives = new NativeResources();
    try {
      StoreOptions options = StoreOptions.defaults().withFlushOnClose(false);
      SilentLogger silence = natives.keep(new SilentLogger());
      LogStore store =
          open(
              directory,
              options,
              natives,
              (database, path, columns, handles) ->
                  RocksDB.openReadOnly(
                      database.setCreateIfMissing(false).setLogger(silence),
                      path,
                      columns,
                      handles));
      if (!store.meta.hasFormat()) {
        throw new EmptyStoreException("nothing was ever flushed to the store in " + directory);
      }
      return store;
    } catch (RocksDBException e) {
      natives.close();
      throw cannotOpen(directory, e);
    } catch (RuntimeException e) {
      natives.close();
      throw e;
    }
  }

  private static StoreException cannotOpen(Path directory, Exception cause) {
    return new StoreException(
        "cannot open the store in " + directory + ": " + cause.getMessage(), cause);
  }

  /** One of RocksDB's ways to open. */
  private interface Opening {
    RocksDB open(
        DBOptions options,
        String path,
        List<ColumnFamilyDescriptor> columns,
        List<ColumnFamilyHandle> handles)
        throws RocksDBException;
  }

  private static LogStore open(
      Path directory, StoreOptions options, NativeResources natives, Opening opening)
      throws RocksDBException {
    Cache cache = natives.keep(new LRUCache(options.blockCacheBytes()));
    Map<String, ColumnFamilyOptions> columns =
        columns(new ColumnOptions(natives, cache, options.writeBufferBytes()));
    List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
    columns.forEach(
        (name, columnOptions) ->
            descriptors.add(
                new ColumnFamilyDescriptor(name.getBytes(StandardCharsets.UTF_8), columnOptions)));
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    // Counters only: without histograms, RocksDB need not look at the clock for each operation.
    Statistics counters = natives.keep(new Statistics(EnumSet.allOf(HistogramType.class)));
    counters.setStatsLevel(StatsLevel.EXCEPT_DETAILED_TIMERS);
    RocksDB db =
        natives.keep(
            opening.open(
                databaseOptions(options, natives).setStatistics(counters),
                directory.toString(),
                descriptors,
                handles));
    Map<String, ColumnFamilyHandle> opened = new LinkedHashMap<>();
    int i = 0;
    for (String name : columns.keySet()) {
      opened.put(name, natives.keep(handles.get(i++)));
    }
    Map<String, ColumnFamilyHandle> metered = new LinkedHashMap<>(opened);
    metered.remove(UNUSED_DEFAULT);
    StoreMeter meter = new StoreMeter(db, metered, cache, counters, options);
    return new LogStore(natives, db, opened, meter, options.flushOnClose());
  }

  private static Map<String, ColumnFamilyOptions> columns(ColumnOptions options) {
    Map<String, ColumnFamilyOptions> columns = new LinkedHashMap<>();
    columns.put(UNUSED_DEFAULT, options.scanned());
    columns.put(EventsColumn.NAME, options.scanned());
    columns.put(AppendsColumn.NAME, options.scanned());
    columns.put(SourcesColumn.NAME, options.lookedUp());
    columns.put(BySourceColumn.NAME, options.listed());
    columns.put(NamesColumn.NAME, options.lookedUp());
    columns.put(LabelsColumn.NAME, options.appendedLists());
    columns.put(LatestColumn.NAME, options.listed());
    columns.put(OriginsColumn.NAME, options.lookedUp());
    columns.put(ByOriginColumn.NAME, options.listed());
    columns.put(MetaColumn.NAME, options.scanned());
    return columns;
  }

  private static DBOptions databaseOptions(StoreOptions options, NativeResources natives) {
    return natives
        .keep(new DBOptions())
        .setCreateIfMissing(true)
        .setCreateMissingColumnFamilies(true)
        // Without a write-ahead log, only flushing all column families together keeps them of one
        // index.
        .setAtomicFlush(true)
        .setAvoidFlushDuringShutdown(true)
        .setDbWriteBufferSize(options.writeBufferBytes())
        // One thread writes: nothing to gain from letting several at the memtables.
        .setAllowConcurrentMemtableWrite(false)
        .setBytesPerSync(SYNC_BYTES)
        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
        .setMaxLogFileSize(INFO_LOG_BYTES)
        .setKeepLogFileNum(2)
        .setStatsDumpPeriodSec(0)
        .setStatsPersistPeriodSec(0);
  }

  private void writeFormat() {
    Batch batch = new Batch();
    meta.putFormat(batch);
    write(batch);
  }

  /** Where the store stands. */
  public StoreState state() {
    return meta.state();
  }

  /** What was fixed when the log was founded; empty before. */
  public Optional<LogSettings> settings() {
    return meta.settings();
  }

  /** How many keys and values were looked at since the store was opened. */
  long entriesRead() {
    return meter.entriesRead();
  }

  /** What the store takes and is busy with. */
  StoreStatistics statistics() {
    return meter.read();
  }

  EventsColumn events() {
    return events;
  }

  AppendsColumn appends() {
    return appends;
  }

  SourcesColumn sources() {
    return sources;
  }

  BySourceColumn bySource() {
    return bySource;
  }

  NamesColumn names() {
    return names;
  }

  LabelsColumn labels() {
    return labels;
  }

  LatestColumn latest() {
    return latest;
  }

  OriginsColumn origins() {
    return origins;
  }

  ByOriginColumn byOrigin() {
    return byOrigin;
  }

  MetaColumn meta() {
    return meta;
  }

  /** For reading within one list of a {@link ColumnOptions#listed} column family. */
  ReadOptions listReads() {
    return listReads;
  }

  /** For reading long stretches once; what is read does not drive out what is cached. */
  ReadOptions scanReads() {
    return scanReads;
  }

  /** For reading whole column families. */
  ReadOptions wholeReads() {
    return wholeReads;
  }

  /** Applies a batch, all of it or nothing; durable after the next flush. */
  void write(Batch batch) {
    try (WriteBatch writes = batch.toWriteBatch()) {
      db.write(writeOptions, writes);
    } catch (RocksDBException e) {
      throw Column.failed(e);
    }
  }

  /** Makes everything written durable, and returns when it is. */
  public void flush() {
    try {
      db.flush(flushOptions, handles);
    } catch (RocksDBException e) {
      throw Column.failed(e);
    }
  }

  /**
   * The same, from any thread and beside writes.
   *
   * @throws LogClosedException if the store is closed
   */
  public void flushBesideWrites() {
    retain();
    try {
      flush();
    } finally {
      release();
    }
  }

  /**
   * Flushes, and copies the store (hard links where possible) to a directory that must not exist.
   */
  public void checkpoint(Path target) {
    flush();
    try (Checkpoint checkpoint = Checkpoint.create(db)) {
      checkpoint.createCheckpoint(target.toString());
    } catch (RocksDBException e) {
      throw new StoreException("cannot write a checkpoint to " + target + ": " + e.getMessage(), e);
    }
  }

  /**
   * Keeps the native store open until {@link #release}.
   *
   * @throws LogClosedException if it was closed
   */
  void retain() {
    while (true) {
      long held = references.get();
      if (closed.get() || held == 0) {
        throw new LogClosedException();
      }
      if (references.compareAndSet(held, held + 1)) {
        return;
      }
    }
  }

  void release() {
    if (references.decrementAndGet() == 0) {
      natives.close();
    }
  }

  /** Whether {@link #close} was called. */
  public boolean isClosed() {
    return closed.get();
  }

  /**
   * Refuses new references, flushes if asked to at the opening, and closes the native store, or
   * leaves that to the last reference.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        if (flushOnClose) {
          flush();
        }
      } finally {
        release();
      }
    }
  }
}
