package io.varve.client.projections;

import java.util.List;
import java.util.Objects;

/**
 * What a runner asks a store to store, all of it or nothing.
 *
 * @param partition which partition
 * @param token the fencing token under which the runner owns it
 * @param fromPosition where the checkpoint stands now; anything else means that somebody else was
 *     here
 * @param toPosition where it is to stand; not before {@code fromPosition}
 * @param changes of its parked sources, in order
 */
public record CheckpointCommit(
    ProjectionPartition partition,
    long token,
    long fromPosition,
    long toPosition,
    List<Change> changes) {

  public CheckpointCommit {
    Objects.requireNonNull(partition, "partition");
    changes = List.copyOf(changes);
    if (fromPosition < 0 || toPosition < fromPosition) {
      throw new IllegalArgumentException(
          "a checkpoint goes forward: " + fromPosition + " to " + toPosition);
    }
  }

  /** A change of one parked source. */
  public sealed interface Change {}

  /**
   * A source is parked, or is parked from elsewhere on: all of it is stored. Its action too, unless
   * the source is parked already and has another one than was acted on: that was asked for
   * meanwhile, and stays.
   *
   * @param parked the source, as it is to be stored
   * @param acted the action that this comes of
   */
  public record Park(ParkedSource parked, ParkedAction acted) implements Change {
    public Park {
      Objects.requireNonNull(parked, "parked");
      Objects.requireNonNull(acted, "acted");
    }
  }

  /**
   * More events of a source that is parked already; whatever action was asked for stays asked for.
   *
   * @param source the source
   * @param lastPosition the newest event that is parked
   * @param events how many are parked now
   */
  public record Extend(String source, long lastPosition, long events) implements Change {
    public Extend {
      Objects.requireNonNull(source, "source");
    }
  }

  /**
   * A source is no longer parked.
   *
   * @param source the source
   */
  public record Release(String source) implements Change {
    public Release {
      Objects.requireNonNull(source, "source");
    }
  }
}
