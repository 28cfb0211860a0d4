package io.varve.statemachine;

import java.util.List;

/**
 * What a node's store takes and is busy with, for metrics: of one moment, though its figures are
 * read one after the other. Sizes are bytes. Counters start at the opening of the store, so they go
 * back to zero when a node starts, or when it is given a snapshot.
 *
 * @param blockCacheBytes what the block cache holds: blocks, indexes and filters, uncompressed
 * @param blockCacheCapacityBytes the bound of that
 * @param blockCachePinnedBytes the part of it in use at this moment, which cannot be driven out
 * @param blockCacheHits how often a block was found in the cache; a counter
 * @param blockCacheMisses how often it had to be read from a file; a counter
 * @param memtableBytes memory for what is not yet flushed, and for what is being flushed
 * @param memtableCapacityBytes the bound beyond which a flush is started
 * @param tableReaderBytes memory of open files that is not in the block cache
 * @param writesStopped whether writing waits until flushes or compactions have caught up: apply
 *     stands still
 * @param delayedWriteBytesPerSecond how fast writing is allowed while they lag; 0 = as fast as it
 *     goes
 * @param runningFlushes flushes running
 * @param runningCompactions compactions running
 * @param pendingCompactionBytes estimate of what compactions have yet to rewrite
 * @param sstBytes all files, old versions that a reader still holds included
 * @param columnFamilies the same by column family, in a fixed order
 */
public record StoreStatistics(
    long blockCacheBytes,
    long blockCacheCapacityBytes,
    long blockCachePinnedBytes,
    long blockCacheHits,
    long blockCacheMisses,
    long memtableBytes,
    long memtableCapacityBytes,
    long tableReaderBytes,
    boolean writesStopped,
    long delayedWriteBytesPerSecond,
    int runningFlushes,
    int runningCompactions,
    long pendingCompactionBytes,
    long sstBytes,
    List<ColumnFamily> columnFamilies) {
  public StoreStatistics {
    columnFamilies = List.copyOf(columnFamilies);
  }

  /**
   * One column family's files.
   *
   * @param name its name, such as {@code events}; see the storage format
   * @param sstBytes its files
   * @param estimatedKeys about how many keys it has, those in memory included
   */
  public record ColumnFamily(String name, long sstBytes, long estimatedKeys) {}
}
