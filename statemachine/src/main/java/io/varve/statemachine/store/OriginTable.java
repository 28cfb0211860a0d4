package io.varve.statemachine.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The writer's view of all origins: those used lately in memory, the others in the store, and on
 * top what the entry being applied adds. Not thread-safe.
 */
final class OriginTable {

  /** So many origins stay in memory from entry to entry; names are at most 1 KiB each. */
  private static final int CACHED = 4_096;

  private final OriginsColumn origins;
  private final ByOriginColumn byOrigin;
  private final LruMap<OriginName, StagedOrigin> cache = new LruMap<>(CACHED);
  private final List<StagedOrigin> staged = new ArrayList<>();

  /** How many origins have a number. */
  private long count;

  OriginTable(LogStore store) {
    this.origins = store.origins();
    this.byOrigin = store.byOrigin();
    this.count = origins.count();
  }

  /** An origin, of which nothing may have landed. */
  StagedOrigin find(OriginName name) {
    StagedOrigin cached = cache.get(name);
    if (cached != null) {
      return cached;
    }
    Optional<OriginsColumn.Value> kept = origins.find(name);
    StagedOrigin loaded =
        new StagedOrigin(
            name,
            byOrigin,
            kept.map(OriginsColumn.Value::number).orElse(0L),
            kept.map(OriginsColumn.Value::last).orElse(0L));
    cache.put(name, loaded);
    return loaded;
  }

  /**
   * The origin's next numbers land.
   *
   * @param positions where they stand, in order, at least one; 0 for a void
   */
  void add(StagedOrigin origin, long[] positions, Batch batch) {
    if (!origin.exists()) {
      origin.create(++count);
      origins.putCount(batch, count);
    }
    if (!origin.isStaged()) {
      staged.add(origin);
    }
    for (long position : positions) {
      byOrigin.put(batch, origin.number(), origin.add(position), position);
    }
    origins.put(batch, origin.name(), origin.number(), origin.last());
  }

  /** What was staged is in the store now. */
  void commit() {
    staged.forEach(StagedOrigin::commit);
    staged.clear();
    cache.trim();
  }
}
