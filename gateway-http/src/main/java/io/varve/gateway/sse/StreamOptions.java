package io.varve.gateway.sse;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Bounds of {@link StreamService}. Immutable.
 *
 * @param maxStreams how many streams may be open; a further one is answered 429. Default 10,000
 * @param maxStreamsPerClient how many of them one client may have open; in open mode, where nobody
 *     knows who asks, only {@code maxStreams} counts. Default 32
 * @param maxSelections how many different selections (a source, a set of up to 16 sources, a
 *     filter) are followed by an upstream subscription of their own; streams of further ones share
 *     one subscription of the whole log, out of which the gateway picks. Default 64
 * @param bufferBytes how many bytes may lie here for all clients together, beside the rings; each
 *     stream's share is this by the number of streams, at least 4 KiB, at most {@code
 *     streamBufferBytes}. Past its share a stream is caught up at its client's pace. Default 64 MiB
 * @param streamBufferBytes how many of them one stream may take. Default 256 KiB
 * @param ringBytes how many bytes of recent events are kept for those who join or were slow: half
 *     of them for the whole log, the rest for the selections. Default 32 MiB
 * @param readers how many threads read older events. Default 4
 * @param heartbeat after how much silence a comment is sent. Default 15 s
 * @param recheck how often each token in use is shown to the authenticator again. Default 5 s
 * @param expiryNotice how long before its token ends a client is told, once. Default 60 s
 * @param checkpointPositions how many positions may go by without a match before a checkpoint tells
 *     of it. Default 10,000
 * @param checkpointInterval after how long a shorter stretch is told of. Default 30 s
 * @param linger how long an upstream subscription without streams is kept for the next one. Default
 *     10 s
 * @param stallLimit after how long a client that takes nothing of what was sent loses its
 *     connection; it resumes when it comes back. One that vanished without a word holds its place
 *     as long. Default 2 min
 * @param drain how long a stream that is to end may take for its last words. Default 5 s
 */
public record StreamOptions(
    int maxStreams,
    int maxStreamsPerClient,
    int maxSelections,
    long bufferBytes,
    int streamBufferBytes,
    long ringBytes,
    int readers,
    Duration heartbeat,
    Duration recheck,
    Duration expiryNotice,
    int checkpointPositions,
    Duration checkpointInterval,
    Duration linger,
    Duration stallLimit,
    Duration drain) {

  /** The least a stream may buffer, however many there are, in bytes. */
  static final int LEAST_SHARE_BYTES = 4 << 10;

  private static final int MIB = 1 << 20;

  public StreamOptions {
    requireAtLeast(maxStreams, 1, "maxStreams");
    requireAtLeast(maxStreamsPerClient, 1, "maxStreamsPerClient");
    requireAtLeast(maxSelections, 0, "maxSelections");
    requireAtLeast(bufferBytes, LEAST_SHARE_BYTES, "bufferBytes");
    requireAtLeast(streamBufferBytes, LEAST_SHARE_BYTES, "streamBufferBytes");
    requireAtLeast(ringBytes, 0, "ringBytes");
    requireAtLeast(readers, 1, "readers");
    requirePositive(heartbeat, "heartbeat");
    requirePositive(recheck, "recheck");
    requirePositive(expiryNotice, "expiryNotice");
    requireAtLeast(checkpointPositions, 2, "checkpointPositions");
    requirePositive(checkpointInterval, "checkpointInterval");
    requirePositive(linger, "linger");
    requirePositive(stallLimit, "stallLimit");
    requirePositive(drain, "drain");
  }

  /** The defaults stated at each component. */
  public static StreamOptions defaults() {
    return new StreamOptions(
        10_000,
        32,
        64,
        64L * MIB,
        256 << 10,
        32L * MIB,
        4,
        Duration.ofSeconds(15),
        Duration.ofSeconds(5),
        Duration.ofSeconds(60),
        10_000,
        Duration.ofSeconds(30),
        Duration.ofSeconds(10),
        Duration.ofMinutes(2),
        Duration.ofSeconds(5));
  }

  /** These, with other numbers of streams. */
  public StreamOptions withMaxStreams(int newMaxStreams, int newMaxStreamsPerClient) {
    return with(
        copy -> {
          copy.maxStreams = newMaxStreams;
          copy.maxStreamsPerClient = newMaxStreamsPerClient;
        });
  }

  /** These, with another number of selections that have their own subscription. */
  public StreamOptions withMaxSelections(int newMaxSelections) {
    return with(copy -> copy.maxSelections = newMaxSelections);
  }

  /** These, with other sizes of what lies here for clients. */
  public StreamOptions withBufferBytes(long newBufferBytes, int newStreamBufferBytes) {
    return with(
        copy -> {
          copy.bufferBytes = newBufferBytes;
          copy.streamBufferBytes = newStreamBufferBytes;
        });
  }

  /** These, with another size of what is kept of recent events. */
  public StreamOptions withRingBytes(long newRingBytes) {
    return with(copy -> copy.ringBytes = newRingBytes);
  }

  /** These, with another number of threads that read older events. */
  public StreamOptions withReaders(int newReaders) {
    return with(copy -> copy.readers = newReaders);
  }

  /** These, with another time of silence before a comment is sent. */
  public StreamOptions withHeartbeat(Duration newHeartbeat) {
    return with(copy -> copy.heartbeat = newHeartbeat);
  }

  /** These, with another time between looks at a token, and another notice before it ends. */
  public StreamOptions withRecheck(Duration newRecheck, Duration newExpiryNotice) {
    return with(
        copy -> {
          copy.recheck = newRecheck;
          copy.expiryNotice = newExpiryNotice;
        });
  }

  /** These, with other stretches without a match before a checkpoint. */
  public StreamOptions withCheckpoints(int newCheckpointPositions, Duration newCheckpointInterval) {
    return with(
        copy -> {
          copy.checkpointPositions = newCheckpointPositions;
          copy.checkpointInterval = newCheckpointInterval;
        });
  }

  /** These, with another time that a subscription without streams is kept. */
  public StreamOptions withLinger(Duration newLinger) {
    return with(copy -> copy.linger = newLinger);
  }

  /** These, with another time that a client may take nothing. */
  public StreamOptions withStallLimit(Duration newStallLimit) {
    return with(copy -> copy.stallLimit = newStallLimit);
  }

  /** These, with another time for last words. */
  public StreamOptions withDrain(Duration newDrain) {
    return with(copy -> copy.drain = newDrain);
  }

  private static void requireAtLeast(long value, long least, String name) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ": " + value);
    }
  }

  private static void requirePositive(Duration value, String name) {
    Objects.requireNonNull(value, name);
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be positive: " + value);
    }
  }

  private StreamOptions with(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return copy.build();
  }

  /** The same components, to be changed. */
  private static final class Copy {
    private int maxStreams;
    private int maxStreamsPerClient;
    private int maxSelections;
    private long bufferBytes;
    private int streamBufferBytes;
    private long ringBytes;
    private int readers;
    private Duration heartbeat;
    private Duration recheck;
    private Duration expiryNotice;
    private int checkpointPositions;
    private Duration checkpointInterval;
    private Duration linger;
    private Duration stallLimit;
    private Duration drain;

    private Copy(StreamOptions of) {
      maxStreams = of.maxStreams;
      maxStreamsPerClient = of.maxStreamsPerClient;
      maxSelections = of.maxSelections;
      bufferBytes = of.bufferBytes;
      streamBufferBytes = of.streamBufferBytes;
      ringBytes = of.ringBytes;
      readers = of.readers;
      heartbeat = of.heartbeat;
      recheck = of.recheck;
      expiryNotice = of.expiryNotice;
      checkpointPositions = of.checkpointPositions;
      checkpointInterval = of.checkpointInterval;
      linger = of.linger;
      stallLimit = of.stallLimit;
      drain = of.drain;
    }

    private StreamOptions build() {
      return new StreamOptions(
          maxStreams,
          maxStreamsPerClient,
          maxSelections,
          bufferBytes,
          streamBufferBytes,
          ringBytes,
          readers,
          heartbeat,
          recheck,
          expiryNotice,
          checkpointPositions,
          checkpointInterval,
          linger,
          stallLimit,
          drain);
    }
  }
}
