package io.varve.node.cluster;

import io.varve.statemachine.StoreOptions;
import java.time.Duration;

/**
 * Timeouts, sizes and bounds of a node's part in the Raft group. The same on every node, please.
 *
 * @param electionTimeoutMin a follower waits at least this long for its leader; heartbeats go out
 *     twice as often. A pause of the leader longer than this costs an election
 * @param electionTimeoutMax and at most this long; the leader that hears no majority for this long
 *     steps down
 * @param logSegmentBytes the size of a Raft log file
 * @param logPreallocatedBytes by how much a log file grows ahead of what is written
 * @param logCacheBytes how much of closed log files stays in memory
 * @param entryBytes the largest Raft entry, and how much is sent to a follower at once; an append
 *     of 4 MiB must fit
 * @param pendingEntries how many entries may wait for their commit on the leader
 * @param pendingBytes how many bytes they may have together
 * @param snapshotLogBytes a snapshot is taken after this many bytes of Raft log since the last one
 * @param snapshotsKept how many complete snapshots stay on disk
 * @param snapshotChunkBytes in what pieces a snapshot is sent to a follower; four are on their way
 *     at once
 * @param retryCacheExpiry how long Ratis remembers answered requests; Varve never relies on it
 * @param readTimeout how long a read waits for its read index to be confirmed and applied
 * @param store the store's caches and buffers
 */
public record RaftTuning(
    Duration electionTimeoutMin,
    Duration electionTimeoutMax,
    long logSegmentBytes,
    long logPreallocatedBytes,
    long logCacheBytes,
    int entryBytes,
    int pendingEntries,
    long pendingBytes,
    long snapshotLogBytes,
    int snapshotsKept,
    int snapshotChunkBytes,
    Duration retryCacheExpiry,
    Duration readTimeout,
    StoreOptions store) {

  private static final int MIB = 1 << 20;

  public RaftTuning {
    requirePositive("electionTimeoutMin", electionTimeoutMin.toMillis());
    if (electionTimeoutMax.compareTo(electionTimeoutMin) < 0) {
      throw new IllegalArgumentException("electionTimeoutMax is less than electionTimeoutMin");
    }
    requirePositive("logSegmentBytes", logSegmentBytes);
    requirePositive("logPreallocatedBytes", logPreallocatedBytes);
    requirePositive("logCacheBytes", logCacheBytes);
    requirePositive("entryBytes", entryBytes);
    requirePositive("pendingEntries", pendingEntries);
    requirePositive("pendingBytes", pendingBytes);
    requirePositive("snapshotLogBytes", snapshotLogBytes);
    requirePositive("snapshotsKept", snapshotsKept);
    requirePositive("snapshotChunkBytes", snapshotChunkBytes);
    requirePositive("retryCacheExpiry", retryCacheExpiry.toMillis());
    requirePositive("readTimeout", readTimeout.toMillis());
  }

  /**
   * Elections after 1 to 1.6 s without a leader, log files of 64 MiB, entries of up to 8 MiB, a
   * snapshot every 256 MiB of log of which two are kept.
   */
  public static RaftTuning defaults() {
    return new RaftTuning(
        Duration.ofMillis(1_000),
        Duration.ofMillis(1_600),
        64L * MIB,
        4L * MIB,
        64L * MIB,
        8 * MIB,
        64,
        64L * MIB,
        256L * MIB,
        2,
        4 * MIB,
        Duration.ofSeconds(5),
        Duration.ofSeconds(5),
        StoreOptions.defaults());
  }

  /** The same, with other election timeouts. */
  public RaftTuning withElectionTimeout(Duration min, Duration max) {
    return new RaftTuning(
        min,
        max,
        logSegmentBytes,
        logPreallocatedBytes,
        logCacheBytes,
        entryBytes,
        pendingEntries,
        pendingBytes,
        snapshotLogBytes,
        snapshotsKept,
        snapshotChunkBytes,
        retryCacheExpiry,
        readTimeout,
        store);
  }

  /** The same, with other log files. */
  public RaftTuning withLogSegments(long segmentBytes, long preallocatedBytes) {
    return new RaftTuning(
        electionTimeoutMin,
        electionTimeoutMax,
        segmentBytes,
        preallocatedBytes,
        logCacheBytes,
        entryBytes,
        pendingEntries,
        pendingBytes,
        snapshotLogBytes,
        snapshotsKept,
        snapshotChunkBytes,
        retryCacheExpiry,
        readTimeout,
        store);
  }

  /** The same, with snapshots at another distance. */
  public RaftTuning withSnapshotLogBytes(long bytes) {
    return new RaftTuning(
        electionTimeoutMin,
        electionTimeoutMax,
        logSegmentBytes,
        logPreallocatedBytes,
        logCacheBytes,
        entryBytes,
        pendingEntries,
        pendingBytes,
        bytes,
        snapshotsKept,
        snapshotChunkBytes,
        retryCacheExpiry,
        readTimeout,
        store);
  }

  /** The same, with other patience for reads. */
  public RaftTuning withReadTimeout(Duration timeout) {
    return new RaftTuning(
        electionTimeoutMin,
        electionTimeoutMax,
        logSegmentBytes,
        logPreallocatedBytes,
        logCacheBytes,
        entryBytes,
        pendingEntries,
        pendingBytes,
        snapshotLogBytes,
        snapshotsKept,
        snapshotChunkBytes,
        retryCacheExpiry,
        timeout,
        store);
  }

  /** The same, with another memory of answered requests. */
  public RaftTuning withRetryCacheExpiry(Duration expiry) {
    return new RaftTuning(
        electionTimeoutMin,
        electionTimeoutMax,
        logSegmentBytes,
        logPreallocatedBytes,
        logCacheBytes,
        entryBytes,
        pendingEntries,
        pendingBytes,
        snapshotLogBytes,
        snapshotsKept,
        snapshotChunkBytes,
        expiry,
        readTimeout,
        store);
  }

  /** The same, with other store options. */
  public RaftTuning withStore(StoreOptions options) {
    return new RaftTuning(
        electionTimeoutMin,
        electionTimeoutMax,
        logSegmentBytes,
        logPreallocatedBytes,
        logCacheBytes,
        entryBytes,
        pendingEntries,
        pendingBytes,
        snapshotLogBytes,
        snapshotsKept,
        snapshotChunkBytes,
        retryCacheExpiry,
        readTimeout,
        options);
  }

  private static void requirePositive(String name, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " must be positive, not " + value);
    }
  }
}
