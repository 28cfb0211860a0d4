package io.varve.faults;

import io.varve.proto.v1.Append;
import io.varve.proto.v1.GetSourceResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writers that count together in one source: read the version, decide, append on condition that it
 * still holds. After a conflict a writer decides anew from the version the conflict told it. They
 * count until it is enough, so that they are at work whatever happens meanwhile.
 */
final class Counting implements AutoCloseable {
  private static final Duration SETTLE_LIMIT = Duration.ofMinutes(2);

  private final Caller caller;
  private final String source;
  private final int writers;
  private final int eachAtLeast;
  private final ExecutorService threads;
  private final List<Future<?>> running = new ArrayList<>();
  private final AtomicLong successes = new AtomicLong();
  private final AtomicLong conflicts = new AtomicLong();
  private volatile boolean enough;

  Counting(Caller caller, String source, int writers, int eachAtLeast) {
    this.caller = caller;
    this.source = source;
    this.writers = writers;
    this.eachAtLeast = eachAtLeast;
    this.threads = Executors.newFixedThreadPool(writers);
  }

  void start() {
    for (int writer = 0; writer < writers; writer++) {
      int number = writer;
      running.add(threads.submit(() -> write(number)));
    }
  }

  /** Acknowledged increments so far. */
  long successes() {
    return successes.get();
  }

  /** Conflicts so far. */
  long conflicts() {
    return conflicts.get();
  }

  /** Whether some writer has not ended. */
  boolean running() {
    return running.stream().anyMatch(future -> !future.isDone());
  }

  /** Waits until all writers have made their increments; fails if one of them failed. */
  void finish(Duration limit) throws Exception {
    enough = true;
    long deadline = System.nanoTime() + limit.toNanos();
    for (Future<?> future : running) {
      future.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public void close() {
    enough = true;
    threads.shutdownNow();
  }

  private void write(int writer) {
    GetSourceResponse read = caller.readSource(source, SETTLE_LIMIT);
    long version = read.getVersion();
    long knownPosition = read.getHead();
    int tries = 0;
    for (int done = 0; done < eachAtLeast || !enough; ) {
      String name = "w" + writer + "-" + tries++;
      Append append = Caller.increment(name, source, version, knownPosition);
      Attempt attempt = caller.settle(append, SETTLE_LIMIT);
      if (attempt instanceof Attempt.Landed landed) {
        done++;
        successes.incrementAndGet();
        version = landed.appended().getVersions(0).getVersion();
        knownPosition = landed.appended().getLastPosition();
      } else if (attempt instanceof Attempt.Conflicted conflicted) {
        conflicts.incrementAndGet();
        version = conflicted.conflict().getFailed(0).getFoundVersion();
        knownPosition =
            Math.max(knownPosition, conflicted.conflict().getFailed(0).getNewest().getPosition());
      } else {
        throw new AssertionError(name + " was refused: " + attempt);
      }
    }
  }
}
