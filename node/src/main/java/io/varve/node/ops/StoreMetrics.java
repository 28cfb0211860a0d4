package io.varve.node.ops;

import io.varve.node.metrics.MetricType;
import io.varve.node.metrics.Metrics;
import io.varve.node.metrics.Samples;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.StoreStatistics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What the store takes and is busy with. */
public final class StoreMetrics {

  /** One look serves all figures of a scrape. */
  private static final long FRESH_NANOS = Duration.ofMillis(500).toNanos();

  private final LogReader reader;
  private @Nullable StoreStatistics last;
  private long lookedAtNanos;

  private StoreMetrics(LogReader reader) {
    this.reader = reader;
  }

  /** Adds them, and how much room the data directory's file system has. */
  public static void register(Metrics metrics, LogReader reader, Path dataDirectory) {
    metrics.gauge(
        "varve_data_free_bytes",
        "What the file system of the data directory has left for this process.",
        () -> dataDirectory.toFile().getUsableSpace());
    metrics.gauge(
        "varve_data_size_bytes",
        "The size of the file system of the data directory.",
        () -> dataDirectory.toFile().getTotalSpace());
    StoreMetrics store = new StoreMetrics(reader);
    store.cache(metrics);
    store.writing(metrics);
    store.files(metrics);
  }

  private void cache(Metrics metrics) {
    gauge(
        metrics,
        "varve_store_block_cache_bytes",
        "What the block cache holds.",
        StoreStatistics::blockCacheBytes);
    gauge(
        metrics,
        "varve_store_block_cache_capacity_bytes",
        "The bound of the block cache.",
        StoreStatistics::blockCacheCapacityBytes);
    gauge(
        metrics,
        "varve_store_block_cache_pinned_bytes",
        "The part of the block cache that is in use and cannot be driven out.",
        StoreStatistics::blockCachePinnedBytes);
    counter(
        metrics,
        "varve_store_block_cache_hits_total",
        "Blocks found in the cache.",
        StoreStatistics::blockCacheHits);
    counter(
        metrics,
        "varve_store_block_cache_misses_total",
        "Blocks that had to be read from a file.",
        StoreStatistics::blockCacheMisses);
    gauge(
        metrics,
        "varve_store_table_reader_bytes",
        "Memory of open files that is not in the block cache.",
        StoreStatistics::tableReaderBytes);
  }

  private void writing(Metrics metrics) {
    gauge(
        metrics,
        "varve_store_memtable_bytes",
        "Memory for what is not flushed to files yet.",
        StoreStatistics::memtableBytes);
    gauge(
        metrics,
        "varve_store_memtable_capacity_bytes",
        "The bound of that, beyond which a flush is started.",
        StoreStatistics::memtableCapacityBytes);
    gauge(
        metrics,
        "varve_store_writes_stopped",
        "1 while apply stands still until flushes or compactions have caught up.",
        statistics -> statistics.writesStopped() ? 1 : 0);
    gauge(
        metrics,
        "varve_store_delayed_write_rate_bytes_per_second",
        "How fast writing is allowed while compactions lag; 0 = as fast as it goes.",
        StoreStatistics::delayedWriteBytesPerSecond);
    gauge(
        metrics,
        "varve_store_flushes_running",
        "Flushes running.",
        StoreStatistics::runningFlushes);
    gauge(
        metrics,
        "varve_store_compactions_running",
        "Compactions running.",
        StoreStatistics::runningCompactions);
    gauge(
        metrics,
        "varve_store_compaction_pending_bytes",
        "About how much compactions have yet to rewrite.",
        StoreStatistics::pendingCompactionBytes);
  }

  private void files(Metrics metrics) {
    gauge(
        metrics,
        "varve_store_files_bytes",
        "All files of the store, old versions that a reader still holds included.",
        StoreStatistics::sstBytes);
    metrics.samples(
        "varve_store_column_family_bytes",
        MetricType.GAUGE,
        "The files of each column family.",
        () -> byFamily(StoreStatistics.ColumnFamily::sstBytes));
    metrics.samples(
        "varve_store_column_family_keys",
        MetricType.GAUGE,
        "About how many keys each column family has.",
        () -> byFamily(StoreStatistics.ColumnFamily::estimatedKeys));
  }

  private void gauge(
      Metrics metrics, String name, String help, Function<StoreStatistics, Number> figure) {
    metrics.gauge(name, help, () -> figure.apply(look()));
  }

  private void counter(
      Metrics metrics, String name, String help, Function<StoreStatistics, Long> figure) {
    metrics.counted(name, help, () -> figure.apply(look()));
  }

  private Samples byFamily(Function<StoreStatistics.ColumnFamily, Number> figure) {
    Samples samples = new Samples();
    for (StoreStatistics.ColumnFamily family : look().columnFamilies()) {
      samples.add(figure.apply(family), "column_family", family.name());
    }
    return samples;
  }

  private synchronized StoreStatistics look() {
    long now = System.nanoTime();
    StoreStatistics known = last;
    if (known == null || now - lookedAtNanos > FRESH_NANOS) {
      known = reader.statistics();
      last = known;
      lookedAtNanos = now;
    }
    return known;
  }
}
