package io.varve.client.projections;

import io.varve.client.projections.LocalProjection.Generation;
import io.varve.client.projections.LocalProjection.Partition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * A store inside this process, without a transaction to offer. What becomes of a change beyond this
 * process's memory is the subclass's. Thread-safe.
 */
abstract class LocalStore implements CheckpointStore<NoTransaction> {

  // All guarded by this.
  private final Map<String, LocalProjection> projections = new HashMap<>();
  private final Set<String> switching = new HashSet<>();

  /** What was stored of a projection in an earlier life. */
  abstract Optional<LocalProjection> load(String projection);

  /** Stores a projection before its change is shown; called by one thread at a time. */
  abstract void store(String projection, LocalProjection changed);

  @Override
  public final boolean transactional() {
    return false;
  }

  @Override
  public final synchronized void open(
      String projection, int generation, int partitions, boolean shared, UUID logIdentity) {
    ProjectionPartition.requireName(projection);
    ProjectionPartition.requireGeneration(generation);
    LocalProjection known = known(projection);
    Generation existing = known.generations.get(generation);
    StoreChecks.notRetired(projection, generation, known.live);
    if (existing != null) {
      StoreChecks.same(
          projection,
          generation,
          existing.partitions.size(),
          existing.shared,
          existing.logIdentity,
          partitions,
          shared,
          logIdentity);
      return;
    }
    change(
        projection,
        copy -> {
          copy.generations.put(generation, Generation.fresh(partitions, shared, logIdentity));
          if (copy.live == 0) {
            copy.live = generation;
          }
        });
  }

  @Override
  public final synchronized Checkpoint claimNext(ProjectionPartition partition) {
    Partition at = at(partition);
    if (at.token == LocalProjection.RETIRED) {
      throw StoreChecks.retired(partition);
    }
    return claim(partition, at.token + 1);
  }

  @Override
  public final synchronized Checkpoint claim(ProjectionPartition partition, long token) {
    awaitSwitch(partition);
    Partition at = at(partition);
    if (at.token > token) {
      throw StoreChecks.fenced(partition, token, at.token);
    }
    if (at.token < token) {
      change(partition.projection(), copy -> at(copy, partition).token = token);
    }
    return checkpoint(partition, at(partition));
  }

  @Override
  public final void commit(CheckpointCommit commit, TransactionalWork<? super NoTransaction> work)
      throws Exception {
    synchronized (this) {
      awaitSwitch(commit.partition());
      check(commit);
    }
    // Without the lock: other partitions go on meanwhile.
    work.run(NoTransaction.INSTANCE);
    synchronized (this) {
      awaitSwitch(commit.partition());
      check(commit);
      change(
          commit.partition().projection(),
          copy -> {
            Partition at = at(copy, commit.partition());
            at.position = commit.toPosition();
            at.apply(commit.changes());
          });
      notifyAll();
    }
  }

  private void check(CheckpointCommit commit) {
    Partition at = at(commit.partition());
    if (at.token != commit.token() || at.position != commit.fromPosition()) {
      throw StoreChecks.fenced(commit, at.token, at.position);
    }
  }

  @Override
  public final synchronized List<Checkpoint> checkpoints(String projection, int generation) {
    Generation known = known(projection).generations.get(generation);
    if (known == null) {
      return List.of();
    }
    List<Checkpoint> checkpoints = new ArrayList<>();
    for (int i = 0; i < known.partitions.size(); i++) {
      checkpoints.add(
          checkpoint(new ProjectionPartition(projection, generation, i), known.partitions.get(i)));
    }
    return checkpoints;
  }

  @Override
  public final synchronized boolean request(
      String projection, int generation, String source, ParkedAction action) {
    Generation known = known(projection).generations.get(generation);
    if (known == null) {
      return false;
    }
    for (int i = 0; i < known.partitions.size(); i++) {
      ParkedSource parked = known.partitions.get(i).parked.get(source);
      if (parked != null) {
        int number = i;
        change(
            projection,
            copy ->
                at(copy, new ProjectionPartition(projection, generation, number))
                    .parked
                    .put(
                        source,
                        parked.from(
                            parked.firstPosition(), parked.events(), parked.error(), action)));
        return true;
      }
    }
    return false;
  }

  @Override
  public final synchronized OptionalInt liveGeneration(String projection) {
    int live = known(projection).live;
    return live == 0 ? OptionalInt.empty() : OptionalInt.of(live);
  }

  @Override
  public final void switchOver(
      String projection,
      int from,
      int to,
      Duration deadline,
      TransactionalWork<? super NoTransaction> work)
      throws Exception {
    long end = System.nanoTime() + deadline.toNanos();
    String old = projection + "/" + from;
    synchronized (this) {
      LocalProjection known = known(projection);
      StoreChecks.maySwitch(projection, from, to, known.live, known.generations.containsKey(to));
      if (!switching.add(old)) {
        throw new ProjectionException(projection + " is being switched over already");
      }
    }
    try {
      synchronized (this) {
        // The old generation's commits wait meanwhile: its position stands still.
        long goal = generation(projection, from).highest();
        while (generation(projection, to).lowest() < goal) {
          long left = end - System.nanoTime();
          if (left <= 0) {
            throw new TimeoutException(
                StoreChecks.tooSlow(
                    projection, to, generation(projection, to).lowest(), goal, deadline));
          }
          TimeUnit.NANOSECONDS.timedWait(this, left);
        }
      }
      work.run(NoTransaction.INSTANCE);
      synchronized (this) {
        change(
            projection,
            copy -> {
              copy.live = to;
              for (Partition partition : at(copy, projection, from).partitions) {
                partition.token = LocalProjection.RETIRED;
              }
            });
      }
    } finally {
      synchronized (this) {
        switching.remove(old);
        notifyAll();
      }
    }
  }

  @Override
  public final synchronized void forget(String projection, int generation) {
    LocalProjection known = known(projection);
    if (known.live == generation) {
      throw StoreChecks.live(projection, generation);
    }
    if (known.generations.containsKey(generation)) {
      change(projection, copy -> copy.generations.remove(generation));
    }
  }

  private void awaitSwitch(ProjectionPartition partition) {
    String name = partition.projection() + "/" + partition.generation();
    while (switching.contains(name)) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CheckpointStoreException("interrupted while " + name + " is switched over", e);
      }
    }
  }

  private LocalProjection known(String projection) {
    return projections.computeIfAbsent(
        projection, name -> load(name).orElseGet(LocalProjection::new));
  }

  private void change(String projection, Consumer<LocalProjection> change) {
    LocalProjection changed = known(projection).copy();
    change.accept(changed);
    store(projection, changed);
    projections.put(projection, changed);
  }

  private Generation generation(String projection, int generation) {
    return at(known(projection), projection, generation);
  }

  private Partition at(ProjectionPartition partition) {
    return at(known(partition.projection()), partition);
  }

  private static Partition at(LocalProjection in, ProjectionPartition partition) {
    Generation generation = at(in, partition.projection(), partition.generation());
    if (partition.number() >= generation.partitions.size()) {
      throw StoreChecks.unknown(partition.toString());
    }
    return generation.partitions.get(partition.number());
  }

  private static Generation at(LocalProjection in, String projection, int number) {
    Generation generation = in.generations.get(number);
    if (generation == null) {
      throw StoreChecks.unknown(projection + "/" + number);
    }
    return generation;
  }

  private static Checkpoint checkpoint(ProjectionPartition partition, Partition at) {
    return new Checkpoint(partition, at.token, at.position, List.copyOf(at.parked.values()));
  }
}
