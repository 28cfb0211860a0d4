package io.varve.client.projections;

import java.util.List;

/**
 * How far one partition of a projection has come.
 *
 * @param partition which partition
 * @param token the fencing token of its owner; 0 = it never had one
 * @param position every event of the partition up to here was applied, parked or left out
 * @param parked its parked sources, by source
 */
public record Checkpoint(
    ProjectionPartition partition, long token, long position, List<ParkedSource> parked) {
  public Checkpoint {
    parked = List.copyOf(parked);
    if (token < 0 || position < 0) {
      throw new IllegalArgumentException("negative: token " + token + ", position " + position);
    }
  }
}
