package io.varve.statemachine.store;

import java.util.Properties;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompactionStyle;
import org.rocksdb.CompressionType;

/**
 * The kinds of column families there are. All share one block cache, which also holds indexes and
 * filters so that its size bounds them too, and keep skip-list memtables: others cannot seek
 * backward.
 */
final class ColumnOptions {

  private static final int BLOCK_BYTES = 16 << 10;
  private static final int BLOOM_BITS_PER_KEY = 10;

  /** Share of a memtable spent on a filter for misses. */
  private static final double MEMTABLE_BLOOM_RATIO = 0.02;

  /** One to write to, and two being flushed before writes have to wait. */
  private static final int MAX_WRITE_BUFFERS = 3;

  /**
   * Memtables take memory in blocks, at least one per column family; the share of each is small, so
   * that those of little use do not use up the bound and force flush after flush.
   */
  private static final int ARENA_BLOCKS = 64;

  private static final long LEAST_ARENA_BLOCK_BYTES = 16 << 10;

  /**
   * How many sorted runs of a list are there before some are merged. Every flush adds a few keys to
   * nearly every list, so that leveled compaction rewrote the lists over and over: more work than
   * apply itself. Merging runs of like size, with this bound, was measured to halve what a node
   * does beside apply; a read of a list looks at no more runs than about this, and the filters
   * spare it most of them.
   */
  private static final int LIST_RUNS = 8;

  private final NativeResources natives;
  private final Cache blockCache;
  private final long writeBufferBytes;

  ColumnOptions(NativeResources natives, Cache blockCache, long writeBufferBytes) {
    this.natives = natives;
    this.blockCache = blockCache;
    this.writeBufferBytes = writeBufferBytes;
  }

  /** Scanned, or read by keys that are known to exist. */
  ColumnFamilyOptions scanned() {
    return options(table());
  }

  /** Read by whole keys that often are not there. */
  ColumnFamilyOptions lookedUp() {
    return options(table().setFilterPolicy(bloom()).setWholeKeyFiltering(true))
        .setMemtablePrefixBloomSizeRatio(MEMTABLE_BLOOM_RATIO)
        .setMemtableWholeKeyFiltering(true);
  }

  /** Lists: a number of eight bytes, then what is in that list. */
  ColumnFamilyOptions listed() {
    return listed(new ColumnFamilyOptions());
  }

  /**
   * Lists that keep growing at their ends: the memtable remembers where the end of each is, which
   * saves most of a search per key. Measured: a fifth off the cost of an append to busy lists.
   */
  ColumnFamilyOptions appendedLists() {
    Properties hint = new Properties();
    hint.setProperty("memtable_insert_with_hint_prefix_extractor", "fixed:" + Long.BYTES);
    return listed(ColumnFamilyOptions.getColumnFamilyOptionsFromProps(hint));
  }

  private ColumnFamilyOptions listed(ColumnFamilyOptions options) {
    return options(options, table().setFilterPolicy(bloom()).setWholeKeyFiltering(false))
        .useFixedLengthPrefixExtractor(Long.BYTES)
        .setMemtablePrefixBloomSizeRatio(MEMTABLE_BLOOM_RATIO)
        .setCompactionStyle(CompactionStyle.UNIVERSAL)
        .setLevel0FileNumCompactionTrigger(LIST_RUNS);
  }

  private ColumnFamilyOptions options(BlockBasedTableConfig table) {
    return options(new ColumnFamilyOptions(), table);
  }

  private ColumnFamilyOptions options(ColumnFamilyOptions options, BlockBasedTableConfig table) {
    return natives
        .keep(options)
        .setTableFormatConfig(table)
        .setWriteBufferSize(writeBufferBytes)
        .setArenaBlockSize(Math.max(LEAST_ARENA_BLOCK_BYTES, writeBufferBytes / ARENA_BLOCKS))
        .setMaxWriteBufferNumber(MAX_WRITE_BUFFERS)
        .setCompressionType(CompressionType.LZ4_COMPRESSION);
  }

  private BlockBasedTableConfig table() {
    return new BlockBasedTableConfig()
        .setBlockCache(blockCache)
        .setBlockSize(BLOCK_BYTES)
        .setCacheIndexAndFilterBlocks(true)
        .setCacheIndexAndFilterBlocksWithHighPriority(true)
        .setPinL0FilterAndIndexBlocksInCache(true);
  }

  private BloomFilter bloom() {
    return natives.keep(new BloomFilter(BLOOM_BITS_PER_KEY));
  }
}
