package io.varve.faults;

import io.varve.proto.v1.Append;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.ExpectedVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writers that go on until they are told to stop. Each owns its sources and appends one to three
 * events of up to some kilobytes, always on condition of the version it knows. Nobody else writes
 * there, so that a conflict could only come from an append that landed twice or was lost.
 */
final class Load implements AutoCloseable {
  private static final Duration SETTLE_LIMIT = Duration.ofMinutes(2);
  private static final int SOURCES_EACH = 5;

  private final Caller caller;
  private final ExecutorService threads;
  private final List<Future<?>> running = new ArrayList<>();
  private final AtomicLong acknowledged = new AtomicLong();
  private final int maxPayloadBytes;
  private volatile boolean stopped;

  /**
   * Starts at once.
   *
   * @param maxPayloadBytes the size of the largest payload
   * @param random decides sizes and sources
   */
  Load(Caller caller, int writers, int maxPayloadBytes, SplittableRandom random) {
    this.caller = caller;
    this.maxPayloadBytes = maxPayloadBytes;
    this.threads = Executors.newFixedThreadPool(writers);
    for (int writer = 0; writer < writers; writer++) {
      String name = "load" + writer;
      SplittableRandom own = random.split();
      running.add(threads.submit(() -> write(name, own)));
    }
  }

  /** Acknowledged appends so far. */
  long acknowledged() {
    return acknowledged.get();
  }

  /** Waits for that many more acknowledged appends; fails if a writer has failed. */
  void awaitMore(long more, Duration limit) {
    long target = acknowledged() + more;
    Await.until(
        more + " more acknowledged appends",
        limit,
        () -> {
          running.stream().filter(Future::isDone).forEach(Load::rethrow);
          return acknowledged() >= target;
        },
        () -> acknowledged() + " of " + target);
  }

  /** Lets every writer settle what it has under way, and waits for them. */
  void stop() throws Exception {
    stopped = true;
    for (Future<?> future : running) {
      future.get(SETTLE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void close() {
    stopped = true;
    threads.shutdownNow();
  }

  private static void rethrow(Future<?> ended) {
    try {
      ended.get();
    } catch (Exception e) {
      throw new AssertionError("a writer failed", e);
    }
  }

  private void write(String name, SplittableRandom random) {
    long[] versions = new long[SOURCES_EACH];
    long knownPosition = 0;
    for (int number = 0; !stopped; number++) {
      int of = random.nextInt(SOURCES_EACH);
      String source = name + "-" + of;
      int events = 1 + random.nextInt(3);
      Append.Builder append =
          Append.newBuilder()
              .addConditions(
                  Condition.newBuilder()
                      .setExpectedVersion(
                          ExpectedVersion.newBuilder().setSource(source).setExactly(versions[of])))
              .setAppendId(Caller.appendId(knownPosition));
      for (int i = 0; i < events; i++) {
        append.addEvents(
            Caller.event(name + "#" + number + "/" + i, source, random.nextInt(maxPayloadBytes)));
      }
      Attempt attempt = caller.settle(append.build(), SETTLE_LIMIT);
      if (!(attempt instanceof Attempt.Landed landed)) {
        throw new AssertionError(name + "#" + number + " on its own source: " + attempt);
      }
      versions[of] = landed.appended().getVersions(0).getVersion();
      knownPosition = landed.appended().getLastPosition();
      acknowledged.incrementAndGet();
    }
  }
}
