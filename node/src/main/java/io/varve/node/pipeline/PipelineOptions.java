package io.varve.node.pipeline;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The pipeline's bounds, and the outside things it stamps into entries.
 *
 * @param maxQueuedAppends how many appends may wait; past it, callers are told to back off
 * @param maxQueuedBytes how many bytes of them; one append is always let in when none waits
 * @param maxEntryAppends how many appends one entry may hold
 * @param maxEntryBytes how many bytes of them; a single larger append goes alone
 * @param maxInFlight how many entries may be handed over and not yet settled
 * @param sweepInterval how often deadlines are looked at while appends wait for an answer; none is
 *     missed by more than this
 * @param clock what recorded times are taken from
 * @param nanoTime what deadlines are measured by
 * @param saltSeeds gives 16 unpredictable bytes per entry
 */
public record PipelineOptions(
    int maxQueuedAppends,
    long maxQueuedBytes,
    int maxEntryAppends,
    int maxEntryBytes,
    int maxInFlight,
    Duration sweepInterval,
    InstantSource clock,
    LongSupplier nanoTime,
    Supplier<byte[]> saltSeeds) {

  public PipelineOptions {
    require(maxQueuedAppends > 0, "maxQueuedAppends");
    require(maxQueuedBytes > 0, "maxQueuedBytes");
    require(maxEntryAppends > 0, "maxEntryAppends");
    require(maxEntryBytes > 0, "maxEntryBytes");
    require(maxInFlight > 0, "maxInFlight");
    require(sweepInterval.toNanos() > 0, "sweepInterval");
  }

  /** The bounds that were measured to serve well, the system's clock and its strong random. */
  public static PipelineOptions defaults() {
    return new PipelineOptions(
        65_536,
        64L << 20,
        4_096,
        1 << 20,
        2,
        Duration.ofMillis(25),
        InstantSource.system(),
        System::nanoTime,
        new SaltSeeds(new SecureRandom()));
  }

  /** These, with another bound on the queue. */
  public PipelineOptions withQueue(int appends, long bytes) {
    return new PipelineOptions(
        appends,
        bytes,
        maxEntryAppends,
        maxEntryBytes,
        maxInFlight,
        sweepInterval,
        clock,
        nanoTime,
        saltSeeds);
  }

  /** These, with another number of entries in flight. */
  public PipelineOptions withMaxInFlight(int entries) {
    return new PipelineOptions(
        maxQueuedAppends,
        maxQueuedBytes,
        maxEntryAppends,
        maxEntryBytes,
        entries,
        sweepInterval,
        clock,
        nanoTime,
        saltSeeds);
  }

  /** These, with other outside things: clocks and salts that a test controls. */
  public PipelineOptions withOutside(
      InstantSource newClock, LongSupplier newNanoTime, Supplier<byte[]> newSaltSeeds) {
    return new PipelineOptions(
        maxQueuedAppends,
        maxQueuedBytes,
        maxEntryAppends,
        maxEntryBytes,
        maxInFlight,
        sweepInterval,
        newClock,
        newNanoTime,
        newSaltSeeds);
  }

  private static void require(boolean holds, String name) {
    if (!holds) {
      throw new IllegalArgumentException(name + " must be positive");
    }
  }
}
