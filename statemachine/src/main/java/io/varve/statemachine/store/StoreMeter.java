package io.varve.statemachine.store;

import io.varve.statemachine.StoreOptions;
import io.varve.statemachine.StoreStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Statistics;
import org.rocksdb.TickerType;

/** Asks RocksDB what it takes and is busy with. Thread-safe while the store is open. */
final class StoreMeter {

  private final RocksDB db;
  private final Map<String, ColumnFamilyHandle> columns;
  private final Cache cache;
  private final Statistics counters;
  private final StoreOptions options;

  /**
   * @param columns the column families, by name, in the order to be told
   */
  StoreMeter(
      RocksDB db,
      Map<String, ColumnFamilyHandle> columns,
      Cache cache,
      Statistics counters,
      StoreOptions options) {
    this.db = db;
    this.columns = columns;
    this.cache = cache;
    this.counters = counters;
    this.options = options;
  }

  /**
   * How many keys and values were looked at since the store was opened. What an iterator looked at
   * counts once it is closed.
   */
  long entriesRead() {
    return counters.getTickerCount(TickerType.NUMBER_KEYS_READ)
        + counters.getTickerCount(TickerType.NUMBER_DB_SEEK)
        + counters.getTickerCount(TickerType.NUMBER_DB_NEXT)
        + counters.getTickerCount(TickerType.NUMBER_DB_PREV);
  }

  StoreStatistics read() {
    try {
      List<StoreStatistics.ColumnFamily> families = new ArrayList<>();
      long sstBytes = 0;
      for (Map.Entry<String, ColumnFamilyHandle> column : columns.entrySet()) {
        long bytes = db.getLongProperty(column.getValue(), "rocksdb.total-sst-files-size");
        sstBytes += bytes;
        families.add(
            new StoreStatistics.ColumnFamily(
                column.getKey(),
                bytes,
                db.getLongProperty(column.getValue(), "rocksdb.estimate-num-keys")));
      }
      return new StoreStatistics(
          cache.getUsage(),
          options.blockCacheBytes(),
          cache.getPinnedUsage(),
          counters.getTickerCount(TickerType.BLOCK_CACHE_HIT),
          counters.getTickerCount(TickerType.BLOCK_CACHE_MISS),
          db.getAggregatedLongProperty("rocksdb.cur-size-all-mem-tables"),
          options.writeBufferBytes(),
          db.getAggregatedLongProperty("rocksdb.estimate-table-readers-mem"),
          db.getLongProperty("rocksdb.is-write-stopped") != 0,
          db.getLongProperty("rocksdb.actual-delayed-write-rate"),
          (int) db.getLongProperty("rocksdb.num-running-flushes"),
          (int) db.getLongProperty("rocksdb.num-running-compactions"),
          db.getAggregatedLongProperty("rocksdb.estimate-pending-compaction-bytes"),
          sstBytes,
          families);
    } catch (RocksDBException e) {
      throw Column.failed(e);
    }
  }
}
