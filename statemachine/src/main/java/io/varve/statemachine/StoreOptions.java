package io.varve.statemachine;

/**
 * How a node's store uses memory. Nothing here can change an outcome: that is replicated.
 *
 * @param blockCacheBytes bound of the cache of uncompressed blocks, shared by all column families
 * @param writeBufferBytes bound of the memory for what is not yet flushed, shared by all column
 *     families; a little more is used while a flush runs
 * @param cachedSources how many sources keep their number and version in memory
 * @param cachedLabels how many labels keep their number and newest position in memory
 * @param flushOnClose whether closing writes everything to disk. Without it the store reopens at an
 *     older index, as after a kill, and the Raft log replays from there
 */
public record StoreOptions(
    long blockCacheBytes,
    long writeBufferBytes,
    int cachedSources,
    int cachedLabels,
    boolean flushOnClose) {

  private static final long MIB = 1L << 20;

  public StoreOptions {
    requirePositive("blockCacheBytes", blockCacheBytes);
    requirePositive("writeBufferBytes", writeBufferBytes);
    requirePositive("cachedSources", cachedSources);
    requirePositive("cachedLabels", cachedLabels);
  }

  /**
   * 64 MiB of block cache, 64 MiB of write buffers, 65,536 sources and as many labels cached,
   * flushed on close.
   */
  public static StoreOptions defaults() {
    return new StoreOptions(64 * MIB, 64 * MIB, 65_536, 65_536, true);
  }

  /** The same, with another bound for cached blocks. */
  public StoreOptions withBlockCacheBytes(long bytes) {
    return new StoreOptions(bytes, writeBufferBytes, cachedSources, cachedLabels, flushOnClose);
  }

  /** The same, with another bound for what is not yet flushed. */
  public StoreOptions withWriteBufferBytes(long bytes) {
    return new StoreOptions(blockCacheBytes, bytes, cachedSources, cachedLabels, flushOnClose);
  }

  /** The same, with another number of cached sources. */
  public StoreOptions withCachedSources(int sources) {
    return new StoreOptions(blockCacheBytes, writeBufferBytes, sources, cachedLabels, flushOnClose);
  }

  /** The same, with another number of cached labels. */
  public StoreOptions withCachedLabels(int labels) {
    return new StoreOptions(blockCacheBytes, writeBufferBytes, cachedSources, labels, flushOnClose);
  }

  /** The same, closing with or without a flush. */
  public StoreOptions withFlushOnClose(boolean flush) {
    return new StoreOptions(blockCacheBytes, writeBufferBytes, cachedSources, cachedLabels, flush);
  }

  private static void requirePositive(String name, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " must be positive, not " + value);
    }
  }
}
