package io.varve.cli.load;

import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import io.varve.client.AppendResult.Conflict;
import io.varve.client.Bytes;
import io.varve.client.NewEvent;
import io.varve.client.ReadConsistency;
import io.varve.client.VarveClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;

/**
 * A closed loop of appends: every slot has exactly one under way and owns its sources. There is no
 * thread per slot; the next append is issued where the answer to the last one arrives. Latency is
 * from issue to reply.
 *
 * <p>Before measuring, every source gets its first event, so that conditions name existing ones.
 */
public final class AppendBench {

  /** Longer latencies count as this. */
  private static final long MAX_LATENCY_MICROS = TimeUnit.SECONDS.toMicros(60);

  private static final int POOL_BYTES = 1 << 20;
  private static final int CREATE_EVENTS_PER_APPEND = 128;
  private static final int CREATE_IN_FLIGHT = 16;

  /** After a failure a slot waits this long, so that a lost cluster is not flooded. */
  private static final Duration PAUSE_AFTER_FAILURE = Duration.ofMillis(50);

  private static final Duration STOP_DEADLINE = Duration.ofSeconds(20);

  private final VarveClient client;
  private final Plan plan;
  private final byte[] pool;
  private final Slot[] slots;
  private final CountDownLatch idle;

  private final Recorder latencies = new Recorder(MAX_LATENCY_MICROS, 3);
  private final LongAdder appended = new LongAdder();
  private final LongAdder conflicts = new LongAdder();
  private final LongAdder errors = new LongAdder();
  private volatile boolean stopped;

  /**
   * What to do.
   *
   * @param inFlight slots, each with one append under way
   * @param payloadBytes of each event's payload, random
   * @param eventsPerAppend events of one append, all to one source
   * @param warmup runs before measuring begins
   * @param measured how long is measured
   * @param conditional whether appends expect their source's exact version
   * @param sources in all; every slot owns an equal share, at least one
   * @param run tells the sources of this run from those of others
   */
  public record Plan(
      int inFlight,
      int payloadBytes,
      int eventsPerAppend,
      Duration warmup,
      Duration measured,
      boolean conditional,
      int sources,
      String run) {}

  /**
   * What was measured.
   *
   * @param operationsPerSecond appends that landed, a second
   * @param eventsPerSecond their events, a second
   * @param p50Micros half of the appends took no longer
   * @param p99Micros of a hundred appends, 99 took no longer
   * @param p999Micros of a thousand appends, 999 took no longer
   * @param maxMicros no append took longer
   * @param errors appends that failed
   * @param conflicts appends whose condition did not hold
   */
  public record Measurement(
      double operationsPerSecond,
      double eventsPerSecond,
      long p50Micros,
      long p99Micros,
      long p999Micros,
      long maxMicros,
      long errors,
      long conflicts) {}

  private AppendBench(VarveClient client, Plan plan) {
    this.client = client;
    this.plan = plan;
    this.pool = new byte[POOL_BYTES + plan.payloadBytes()];
    new Random(1).nextBytes(pool);
    this.slots = new Slot[plan.inFlight()];
    this.idle = new CountDownLatch(slots.length);
    int share = plan.sources() / slots.length;
    for (int slot = 0; slot < slots.length; slot++) {
      slots[slot] = new Slot(slot, share);
    }
  }

  /**
   * Runs it.
   *
   * @throws InterruptedException if the thread was interrupted; what is under way runs out by
   *     itself
   */
  public static Measurement run(VarveClient client, Plan plan) throws InterruptedException {
    AppendBench bench = new AppendBench(client, plan);
    bench.createSources();
    return bench.measure();
  }

  private void createSources() {
    OrderedAppends appends = new OrderedAppends(client, CREATE_IN_FLIGHT);
    List<CompletableFuture<AppendResult>> results = new ArrayList<>();
    List<NewEvent> events = new ArrayList<>();
    for (Slot slot : slots) {
      for (int source = 0; source < slot.names.length; source++) {
        events.add(slot.event(source));
        slot.versions[source] = 1;
        if (events.size() == CREATE_EVENTS_PER_APPEND) {
          results.add(appends.append(AppendRequest.of(events, List.of())));
          events.clear();
        }
      }
    }
    if (!events.isEmpty()) {
      results.add(appends.append(AppendRequest.of(events, List.of())));
    }
    results.forEach(CompletableFuture::join);
  }

  private Measurement measure() throws InterruptedException {
    try {
      for (Slot slot : slots) {
        slot.next();
      }
      TimeUnit.NANOSECONDS.sleep(plan.warmup().toNanos());
      Histogram histogram = latencies.getIntervalHistogram();
      final long appendedBefore = appended.sum();
      final long conflictsBefore = conflicts.sum();
      final long errorsBefore = errors.sum();
      final long begin = System.nanoTime();
      TimeUnit.NANOSECONDS.sleep(plan.measured().toNanos());
      final double seconds = (System.nanoTime() - begin) / 1e9;
      final double operations = (appended.sum() - appendedBefore) / seconds;
      histogram = latencies.getIntervalHistogram(histogram);
      return new Measurement(
          operations,
          operations * plan.eventsPerAppend(),
          histogram.getValueAtPercentile(50),
          histogram.getValueAtPercentile(99),
          histogram.getValueAtPercentile(99.9),
          histogram.getMaxValue(),
          errors.sum() - errorsBefore,
          conflicts.sum() - conflictsBefore);
    } finally {
      stopped = true;
      idle.await(STOP_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** One append under way, again and again. */
  private final class Slot {
    private final String tag;
    private final String[] names;
    private final long[] versions;
    private int turn;
    private int offset;
    private long issued;

    /** Guarded by this: an answer may arrive before the call that asked for it has returned. */
    private boolean issuing;

    private boolean answered;

    Slot(int number, int sources) {
      tag = "slot:" + number;
      names = new String[sources];
      versions = new long[sources];
      for (int source = 0; source < sources; source++) {
        names[source] = "bench-" + plan.run() + "-" + number + "-" + source;
      }
      offset = number * plan.payloadBytes();
    }

    /** A loop and not a recursion when answers arrive at once. */
    void next() {
      boolean again;
      do {
        if (stopped) {
          idle.countDown();
          return;
        }
        synchronized (this) {
          issuing = true;
          answered = false;
        }
        issue();
        synchronized (this) {
          issuing = false;
          again = answered;
        }
      } while (again);
    }

    private void done() {
      synchronized (this) {
        if (issuing) {
          answered = true;
          return;
        }
      }
      next();
    }

    private void issue() {
      int source = turn;
      turn = turn + 1 == names.length ? 0 : turn + 1;
      AppendRequest.Builder append = AppendRequest.builder();
      for (int i = 0; i < plan.eventsPerAppend(); i++) {
        append.event(event(source));
      }
      if (plan.conditional()) {
        append.expectVersion(names[source], versions[source]);
      }
      AppendRequest request = append.build();
      issued = System.nanoTime();
      var unused =
          client.appendAsync(request).whenComplete((result, failure) -> answer(source, result));
    }

    /** Without a result it failed. */
    private void answer(int source, @Nullable AppendResult result) {
      if (result instanceof Appended) {
        long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - issued);
        latencies.recordValue(Math.min(micros, MAX_LATENCY_MICROS));
        appended.increment();
        versions[source] += plan.eventsPerAppend();
        done();
      } else if (result instanceof Conflict conflict) {
        conflicts.increment();
        versions[source] = conflict.failed().get(0).foundVersion();
        done();
      } else {
        errors.increment();
        recover(source);
      }
    }

    /** After a failure nobody knows the version: asks, after a pause, until there is an answer. */
    private void recover(int source) {
      if (stopped) {
        done();
        return;
      }
      var unused =
          CompletableFuture.supplyAsync(
                  () -> names[source],
                  CompletableFuture.delayedExecutor(
                      PAUSE_AFTER_FAILURE.toMillis(), TimeUnit.MILLISECONDS))
              .thenCompose(name -> client.sourceAsync(name, ReadConsistency.linearizable()))
              .whenComplete(
                  (state, failure) -> {
                    if (state == null) {
                      recover(source);
                    } else {
                      versions[source] = state.version();
                      done();
                    }
                  });
    }

    private NewEvent event(int source) {
      offset = (offset + plan.payloadBytes()) % POOL_BYTES;
      byte[] payload = Arrays.copyOfRange(pool, offset, offset + plan.payloadBytes());
      return NewEvent.builder(names[source], "Measured")
          .sourceType("Bench")
          .tag(tag)
          .data(Bytes.wrap(payload))
          .contentType("application/octet-stream")
          .build();
    }
  }
}
