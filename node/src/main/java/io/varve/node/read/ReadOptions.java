package io.varve.node.read;

import java.time.Duration;

/**
 * Bounds of reading.
 *
 * @param workers how many threads serve all streams
 * @param maxStreams how many reads and subscriptions may be open; past it callers are told to back
 *     off
 * @param batchEvents how many events one message holds
 * @param batchBytes how many bytes of events, after which a message takes no further one
 * @param windowEvents how many of the newest events are kept in memory for those that follow the
 *     tail
 * @param windowBytes how many bytes of them
 * @param checkpointPositions how many positions a filter may skip before a checkpoint tells of it
 * @param checkpointInterval after how long a shorter skip is told of, when the head moves
 */
public record ReadOptions(
    int workers,
    int maxStreams,
    int batchEvents,
    int batchBytes,
    int windowEvents,
    int windowBytes,
    int checkpointPositions,
    Duration checkpointInterval) {

  public ReadOptions {
    if (workers <= 0
        || maxStreams <= 0
        || batchEvents <= 0
        || batchBytes <= 0
        || windowEvents <= 0
        || windowBytes <= 0
        || checkpointPositions <= 0) {
      throw new IllegalArgumentException("bounds must be positive");
    }
  }

  /** Two workers, 4,096 streams, 256 events or 256 KiB a message, a window of 4,096 or 8 MiB. */
  public static ReadOptions defaults() {
    return new ReadOptions(2, 4_096, 256, 256 << 10, 4_096, 8 << 20, 1_000, Duration.ofSeconds(1));
  }

  /** These, with other sizes of messages and of the window. */
  public ReadOptions withSizes(
      int newBatchEvents, int newWindowEvents, int newCheckpointPositions) {
    return new ReadOptions(
        workers,
        maxStreams,
        newBatchEvents,
        batchBytes,
        newWindowEvents,
        windowBytes,
        newCheckpointPositions,
        checkpointInterval);
  }

  /** These, with another time after which a short skip is told of. */
  ReadOptions withCheckpointInterval(Duration newCheckpointInterval) {
    return new ReadOptions(
        workers,
        maxStreams,
        batchEvents,
        batchBytes,
        windowEvents,
        windowBytes,
        checkpointPositions,
        newCheckpointInterval);
  }

  /** These, with another number of streams. */
  public ReadOptions withMaxStreams(int newMaxStreams) {
    return new ReadOptions(
        workers,
        newMaxStreams,
        batchEvents,
        batchBytes,
        windowEvents,
        windowBytes,
        checkpointPositions,
        checkpointInterval);
  }

  /** These, with another number of threads. */
  public ReadOptions withWorkers(int newWorkers) {
    return new ReadOptions(
        newWorkers,
        maxStreams,
        batchEvents,
        batchBytes,
        windowEvents,
        windowBytes,
        checkpointPositions,
        checkpointInterval);
  }
}
