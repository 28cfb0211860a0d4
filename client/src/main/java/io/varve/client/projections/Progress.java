package io.varve.client.projections;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How far the partitions that run here have come, and how far somebody waits for them to come.
 * Thread-safe.
 */
final class Progress {

  /**
   * One partition.
   *
   * @param position everything up to here is applied or parked
   * @param parked what is parked
   * @param blocked whether it waits because no more may be parked
   */
  record Local(long position, List<ParkedSource> parked, boolean blocked) {}

  private final Map<Integer, Local> locals = new HashMap<>();
  private final Map<Integer, Object> owners = new HashMap<>();
  private final AtomicLong awaited = new AtomicLong();
  private final AtomicLong head = new AtomicLong();
  private final Runnable moved;

  /**
   * Nothing runs yet.
   *
   * @param moved called, by any thread, when a partition has moved that somebody waits for
   */
  Progress(Runnable moved) {
    this.moved = moved;
  }

  /** A worker has a partition from now on, and stands there. */
  synchronized void begin(int partition, Object owner, Local local) {
    owners.put(partition, owner);
    locals.put(partition, local);
  }

  /** Where a partition stands, unless another worker has it by now. */
  void at(int partition, Object owner, Local local) {
    synchronized (this) {
      if (owners.get(partition) != owner) {
        return;
      }
      locals.put(partition, local);
    }
    if (awaited.get() > 0) {
      moved.run();
    }
  }

  /** A worker no longer has a partition. */
  synchronized void end(int partition, Object owner) {
    if (owners.get(partition) == owner) {
      owners.remove(partition);
      locals.remove(partition);
    }
  }

  synchronized Map<Integer, Local> locals() {
    return new HashMap<>(locals);
  }

  synchronized Collection<Integer> partitions() {
    return List.copyOf(locals.keySet());
  }

  /** The greatest position somebody waits for; 0 = nobody waits. */
  long awaited() {
    return awaited.get();
  }

  void awaited(long position) {
    awaited.set(position);
  }

  long head() {
    return head.get();
  }

  void head(long position) {
    head.accumulateAndGet(position, Math::max);
  }
}
