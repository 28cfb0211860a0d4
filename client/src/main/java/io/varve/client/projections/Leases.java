package io.varve.client.projections;

import io.varve.client.Event;
import io.varve.client.ReadConsistency;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds a fair share of a projection's leases. Not thread-safe: one thread calls {@link #tick}
 * again and again, at least every sixth of the lease's time.
 *
 * <p>A lease is a source of the log. Who has seen no new version of it for the lease's whole time,
 * by its own monotonic clock, may try to take it, on condition that the version is still the one it
 * saw: of any number that try, one succeeds, and a holder that renewed meanwhile keeps it. No two
 * clocks are ever compared. Since a holder may be paused and not know that it lost its lease, none
 * of this is what keeps an event from being applied twice: that is the token in the checkpoint's
 * transaction. Leases only see to it that there is one owner nearly always.
 */
final class Leases {

  private static final Logger LOG = LoggerFactory.getLogger(Leases.class);

  /** What runs under a lease. */
  interface Holder {
    /** The lease was taken; its token is greater than any before. */
    void acquired(int partition, long token);

    /** Asks what runs under the lease to end; it may go on for now. */
    void end(int partition);

    /** Whether something still runs under the lease. */
    boolean runs(int partition);
  }

  private static final class Held {
    long version;
    long renewedNanos;
    boolean releasing;
  }

  private record Seen(LeaseLog.State state, long sinceNanos) {}

  private record Life(long version, long sinceNanos) {}

  private final LeaseLog log;
  private final Holder holder;
  private final String runner;
  private final int partitions;
  private final long leaseNanos;
  private final Map<Integer, Held> held = new HashMap<>();
  private final Map<Integer, Seen> seen = new HashMap<>();
  private final Map<String, Life> lives = new HashMap<>();
  private long saidLiveNanos;
  private boolean saidLive;

  Leases(LeaseLog log, Projection<?> projection, String runner, Holder holder) {
    this.log = log;
    this.holder = holder;
    this.runner = runner;
    this.partitions = projection.partitions();
    this.leaseNanos = projection.lease().toNanos();
  }

  /** How often to look. */
  Duration interval() {
    long sixth = leaseNanos / 6;
    return Duration.ofNanos(
        Math.max(TimeUnit.MILLISECONDS.toNanos(20), Math.min(sixth, 1_000_000_000L)));
  }

  /** Renews what is held, gives back what is too much, takes what is free. */
  void tick() throws InterruptedException {
    Optional<CompletableFuture<?>> sign = sayLive();
    renew();
    if (sign.isPresent()) {
      saidLive = value("a sign of life", sign.get()).isPresent();
    }
    int share = share();
    observe();
    giveBack(share);
    take(share);
  }

  /** Gives everything back that nothing runs under any more; never throws. */
  void close() throws InterruptedException {
    List<CompletableFuture<?>> last = new ArrayList<>();
    held.forEach(
        (partition, lease) -> {
          if (!holder.runs(partition)) {
            last.add(log.append(partition, LeaseLog.RELEASED, lease.version));
          }
        });
    last.add(log.gone(runner));
    for (CompletableFuture<?> append : last) {
      // Whatever does not land expires.
      Optional<?> unused = value("giving back a lease", append);
    }
    held.clear();
  }

  /** What runs under a lease found that somebody else has the partition. */
  void lost(int partition) {
    held.remove(partition);
    seen.remove(partition);
  }

  // ---- signs of life ----

  /** Sent first and looked at last: nothing is to delay a renewal. */
  private Optional<CompletableFuture<?>> sayLive() {
    long now = System.nanoTime();
    if (saidLive && now - saidLiveNanos <= leaseNanos / 3) {
      return Optional.empty();
    }
    saidLiveNanos = now;
    return Optional.of(log.live());
  }

  private void renew() throws InterruptedException {
    Map<Integer, CompletableFuture<Optional<Long>>> renewals = new HashMap<>();
    long now = System.nanoTime();
    for (Map.Entry<Integer, Held> entry : held.entrySet()) {
      if (now - entry.getValue().renewedNanos > leaseNanos / 3) {
        renewals.put(
            entry.getKey(), log.append(entry.getKey(), LeaseLog.RENEWED, entry.getValue().version));
      }
    }
    for (Map.Entry<Integer, CompletableFuture<Optional<Long>>> renewal : renewals.entrySet()) {
      int partition = renewal.getKey();
      Held lease = held.get(partition);
      Optional<Optional<Long>> answer = value("renewing a lease", renewal.getValue());
      if (answer.isPresent()) {
        if (answer.get().isPresent()) {
          lease.version = answer.get().get();
          lease.renewedNanos = now;
        } else {
          confirm(partition, lease, now);
        }
      } else if (System.nanoTime() - lease.renewedNanos > leaseNanos) {
        // Others may have seen nothing of this runner for as long.
        drop(partition, "it could not be renewed in time");
      } else {
        confirm(partition, lease, now);
      }
    }
  }

  /** The renewal was refused or its fate is unknown: the log says whose the lease is. */
  private void confirm(int partition, Held lease, long askedNanos) throws InterruptedException {
    Optional<LeaseLog.State> state =
        value("reading a lease", log.read(partition, ReadConsistency.linearizable()));
    if (state.isEmpty()) {
      return;
    }
    if (state.get().runner().equals(runner) && !state.get().released()) {
      if (state.get().version() > lease.version) {
        lease.version = state.get().version();
        lease.renewedNanos = askedNanos;
      }
    } else {
      drop(partition, "runner " + state.get().runner() + " has it");
    }
  }

  private void drop(int partition, String why) {
    LOG.warn("the lease {} is lost: {}", log.source(partition), why);
    lost(partition);
    holder.end(partition);
  }

  /** How many partitions are this runner's, as far as it knows who else lives. */
  private int share() throws InterruptedException {
    Optional<List<Event>> living = value("reading who runs", log.living());
    long now = System.nanoTime();
    if (living.isPresent()) {
      Set<String> named = new HashSet<>();
      for (Event event : living.get()) {
        named.add(event.key());
        Life life = lives.get(event.key());
        if (life == null || life.version() < event.version()) {
          lives.put(event.key(), new Life(event.version(), now));
        }
      }
      lives.keySet().retainAll(named);
    }
    int others = 0;
    for (Map.Entry<String, Life> life : Map.copyOf(lives).entrySet()) {
      if (life.getKey().equals(runner)) {
        continue;
      }
      long silent = now - life.getValue().sinceNanos();
      if (silent <= leaseNanos) {
        others++;
      } else if (silent > 10 * leaseNanos) {
        // Its key would stay for ever; if it wakes up after all, it says so again.
        lives.remove(life.getKey());
        Optional<?> unused = value("removing a runner that is gone", log.gone(life.getKey()));
      }
    }
    return (partitions + others) / (others + 1);
  }

  // ---- leases of others ----

  private void observe() throws InterruptedException {
    Map<Integer, CompletableFuture<LeaseLog.State>> reads = new HashMap<>();
    for (int partition = 0; partition < partitions; partition++) {
      if (!held.containsKey(partition)) {
        reads.put(partition, log.read(partition, ReadConsistency.local()));
      }
    }
    for (Map.Entry<Integer, CompletableFuture<LeaseLog.State>> read : reads.entrySet()) {
      Optional<LeaseLog.State> state = value("reading a lease", read.getValue());
      if (state.isPresent()) {
        Seen before = seen.get(read.getKey());
        if (before == null || before.state().version() < state.get().version()) {
          seen.put(read.getKey(), new Seen(state.get(), System.nanoTime()));
        }
      }
    }
  }

  private boolean isFree(Seen lease) {
    long silent = System.nanoTime() - lease.sinceNanos();
    return lease.state().released()
        || silent > Math.max(leaseNanos, lease.state().lease().toNanos());
  }

  private void giveBack(int share) throws InterruptedException {
    long keeping = held.values().stream().filter(lease -> !lease.releasing).count();
    for (Map.Entry<Integer, Held> entry : held.entrySet()) {
      if (keeping <= share) {
        break;
      }
      if (!entry.getValue().releasing) {
        entry.getValue().releasing = true;
        holder.end(entry.getKey());
        keeping--;
      }
    }
    // A lease is renewed until what runs under it has ended.
    for (Integer partition : List.copyOf(held.keySet())) {
      Held lease = held.get(partition);
      if (lease.releasing && !holder.runs(partition)) {
        Optional<Optional<Long>> answer =
            value("giving back a lease", log.append(partition, LeaseLog.RELEASED, lease.version));
        if (answer.isPresent()) {
          lost(partition);
        }
      }
    }
  }

  private void take(int share) throws InterruptedException {
    long wanted = share - held.values().stream().filter(lease -> !lease.releasing).count();
    // Each begins elsewhere, so that those who start together do not all want the same.
    int first = ThreadLocalRandom.current().nextInt(partitions);
    for (int i = 0; i < partitions && wanted > 0; i++) {
      int partition = (first + i) % partitions;
      Seen lease = seen.get(partition);
      if (held.containsKey(partition) || lease == null || !isFree(lease)) {
        continue;
      }
      long now = System.nanoTime();
      Optional<Optional<Long>> answer =
          value("taking a lease", log.append(partition, LeaseLog.TAKEN, lease.state().version()));
      if (answer.isPresent() && answer.get().isPresent()) {
        Held mine = new Held();
        mine.version = answer.get().get();
        mine.renewedNanos = now;
        held.put(partition, mine);
        seen.remove(partition);
        wanted--;
        LOG.info("took the lease {} with token {}", log.source(partition), mine.version);
        holder.acquired(partition, mine.version);
      }
      // A take whose fate is unknown may have landed: it is then seen as held, by this runner, and
      // expires unless it is taken again.
    }
  }

  /** The value, or empty if there is none: every failure here mends itself at a later tick. */
  private <V> Optional<V> value(String what, CompletableFuture<V> future)
      throws InterruptedException {
    try {
      @Nullable V value = future.get(leaseNanos, TimeUnit.NANOSECONDS);
      return Optional.ofNullable(value);
    } catch (ExecutionException | CompletionException | TimeoutException e) {
      LOG.debug("{} failed", what, e);
      return Optional.empty();
    }
  }
}
