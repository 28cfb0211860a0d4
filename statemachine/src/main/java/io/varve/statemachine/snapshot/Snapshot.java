package io.varve.statemachine.snapshot;

import java.nio.file.Path;
import java.util.List;

/**
 * A complete copy of the store, as of one Raft index.
 *
 * @param term the Raft term of the newest entry in it
 * @param index the Raft index of the newest entry in it
 * @param directory where its files lie
 * @param files its files, without the list of checksums itself
 */
public record Snapshot(long term, long index, Path directory, List<SnapshotFile> files) {

  public Snapshot {
    files = List.copyOf(files);
  }

  /** The bytes of all its files. */
  public long bytes() {
    return files.stream().mapToLong(SnapshotFile::bytes).sum();
  }

  /**
   * One file of a snapshot.
   *
   * @param name its name, without a directory
   * @param bytes its length
   * @param crc32c the CRC-32C of its content, unsigned
   */
  public record SnapshotFile(String name, long bytes, long crc32c) {}
}
