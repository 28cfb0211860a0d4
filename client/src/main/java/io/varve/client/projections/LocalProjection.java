package io.varve.client.projections;

import io.varve.client.projections.CheckpointCommit.Change;
import io.varve.client.projections.CheckpointCommit.Extend;
import io.varve.client.projections.CheckpointCommit.Park;
import io.varve.client.projections.CheckpointCommit.Release;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What a store in this process knows of one projection. Changed on a copy, which replaces the
 * original once it has been stored. Not thread-safe.
 */
final class LocalProjection {

  /** The token of generations that were retired: greater than any that an owner has. */
  static final long RETIRED = Long.MAX_VALUE;

  static final class Partition {
    long token;
    long position;
    final SortedMap<String, ParkedSource> parked = new TreeMap<>();

    Partition copy() {
      Partition copy = new Partition();
      copy.token = token;
      copy.position = position;
      copy.parked.putAll(parked);
      return copy;
    }

    void apply(List<Change> changes) {
      for (Change change : changes) {
        if (change instanceof Park park) {
          parked.merge(
              park.parked().source(),
              park.parked(),
              (was, now) ->
                  was.action() == park.acted()
                      ? now
                      : now.from(now.firstPosition(), now.events(), now.error(), was.action()));
        } else if (change instanceof Extend extend) {
          parked.computeIfPresent(
              extend.source(),
              (source, was) ->
                  new ParkedSource(
                      source,
                      was.partition(),
                      was.firstPosition(),
                      extend.lastPosition(),
                      extend.events(),
                      was.error(),
                      was.action()));
        } else if (change instanceof Release release) {
          parked.remove(release.source());
        }
      }
    }
  }

  static final class Generation {
    final boolean shared;
    final UUID logIdentity;
    final List<Partition> partitions;

    Generation(boolean shared, UUID logIdentity, List<Partition> partitions) {
      this.shared = shared;
      this.logIdentity = logIdentity;
      this.partitions = partitions;
    }

    static Generation fresh(int partitions, boolean shared, UUID logIdentity) {
      List<Partition> list = new ArrayList<>();
      for (int i = 0; i < partitions; i++) {
        list.add(new Partition());
      }
      return new Generation(shared, logIdentity, list);
    }

    Generation copy() {
      List<Partition> copies = new ArrayList<>();
      partitions.forEach(partition -> copies.add(partition.copy()));
      return new Generation(shared, logIdentity, copies);
    }

    long lowest() {
      return partitions.stream().mapToLong(partition -> partition.position).min().orElse(0);
    }

    long highest() {
      return partitions.stream().mapToLong(partition -> partition.position).max().orElse(0);
    }
  }

  int live;
  final SortedMap<Integer, Generation> generations = new TreeMap<>();

  LocalProjection copy() {
    LocalProjection copy = new LocalProjection();
    copy.live = live;
    generations.forEach((number, generation) -> copy.generations.put(number, generation.copy()));
    return copy;
  }
}
