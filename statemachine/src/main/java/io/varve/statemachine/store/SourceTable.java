package io.varve.statemachine.store;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksIterator;

/**
 * The writer's view of all sources: those used lately in memory, the others in the store, and on
 * top what the entry being applied adds. Not thread-safe.
 */
final class SourceTable {

  private final SourcesColumn sources;
  private final BySourceColumn bySource;
  private final LogStore store;
  private final LruMap<String, SourceEntry> cache;
  private final List<SourceEntry> staged = new ArrayList<>();

  private long nextNumber;

  /** Reads what is committed, while one entry is applied; opened when first needed. */
  private @Nullable RocksIterator reads;

  SourceTable(LogStore store, int capacity, long nextNumber) {
    this.store = store;
    this.sources = store.sources();
    this.bySource = store.bySource();
    this.cache = new LruMap<>(capacity);
    this.nextNumber = nextNumber;
  }

  /** The number that the next new source gets. */
  long nextNumber() {
    return nextNumber;
  }

  /** A source, which may not exist. */
  SourceEntry find(String name) {
    SourceEntry cached = cache.get(name);
    if (cached != null) {
      return cached;
    }
    SourceEntry loaded = load(name);
    cache.put(name, loaded);
    return loaded;
  }

  /** The source, given a number if it is new. */
  SourceEntry findOrCreate(String name, Batch batch) {
    SourceEntry source = find(name);
    if (!source.exists()) {
      source.create(nextNumber++);
      sources.put(batch, name, source.number());
    }
    return source;
  }

  /** Adds an event to a source; returns its version. */
  long add(SourceEntry source, long position, Batch batch) {
    if (!source.isStaged()) {
      staged.add(source);
    }
    long version = source.add(position);
    bySource.put(batch, source.number(), version, position);
    return version;
  }

  /** What was staged is in the store now. */
  void commit() {
    staged.forEach(SourceEntry::commit);
    staged.clear();
    cache.trim();
    close();
  }

  /** Closes what reading opened. */
  void close() {
    if (reads != null) {
      reads.close();
      reads = null;
    }
  }

  private SourceEntry load(String name) {
    long number = sources.number(name);
    if (number == 0) {
      return SourceEntry.missing(name);
    }
    if (reads == null) {
      reads = bySource.iterator(store.listReads());
    }
    return BySourceColumn.load(reads, name, number);
  }
}
