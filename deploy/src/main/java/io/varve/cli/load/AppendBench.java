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
import org.jspecify.annotations.Nullable;

/**
 * A closed loop of appends: every slot has exactly one under way and owns its sources. Latency is
 * from issue to reply.
 *
 * <p>Before measuring, every source gets its first event, so that conditions name existing ones.
 */
public final class AppendBench {

  private static final int POOL_BYTES = 1 << 20;
  private static final int CREATE_EVENTS_PER_APPEND = 128;
  private static final int CREATE_IN_FLIGHT = 16;

  private final VarveClient client;
  private final Plan plan;
  private final byte[] pool;
  private final List<Appends> writers = new ArrayList<>();
  private final Meter meter = new Meter();
  private final ClosedLoop loop;

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

  private AppendBench(VarveClient client, Plan plan) {
    this.client = client;
    this.plan = plan;
    this.pool = new byte[POOL_BYTES + plan.payloadBytes()];
    new Random(1).nextBytes(pool);
    int share = plan.sources() / plan.inFlight();
    for (int slot = 0; slot < plan.inFlight(); slot++) {
      writers.add(new Appends(slot, share));
    }
    this.loop = new ClosedLoop(plan.inFlight(), writers::get);
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
    for (Appends writer : writers) {
      for (int source = 0; source < writer.names.length; source++) {
        events.add(writer.event(source));
        writer.versions[source] = 1;
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
      loop.start();
      return meter.measure(plan.warmup(), plan.measured());
    } finally {
      loop.stop();
    }
  }

  /** One slot's appends. */
  private final class Appends implements ClosedLoop.Work {
    private final String tag;
    private final String[] names;
    private final long[] versions;
    private int turn;
    private int offset;
    private long issued;

    Appends(int number, int sources) {
      tag = "slot:" + number;
      names = new String[sources];
      versions = new long[sources];
      for (int source = 0; source < sources; source++) {
        names[source] = "bench-" + plan.run() + "-" + number + "-" + source;
      }
      offset = number * plan.payloadBytes();
    }

    @Override
    public void issue(ClosedLoop.Slot slot) {
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
          client
              .appendAsync(request)
              .whenComplete((result, failure) -> answer(slot, source, result));
    }

    /** Without a result it failed. */
    private void answer(ClosedLoop.Slot slot, int source, @Nullable AppendResult result) {
      if (result instanceof Appended) {
        meter.succeeded(issued);
        meter.events(plan.eventsPerAppend());
        versions[source] += plan.eventsPerAppend();
        slot.done();
      } else if (result instanceof Conflict conflict) {
        meter.conflict();
        versions[source] = conflict.failed().get(0).foundVersion();
        slot.done();
      } else {
        meter.error();
        slot.failed(() -> recover(slot, source));
      }
    }

    /** After a failure nobody knows the version: asks until there is an answer. */
    private void recover(ClosedLoop.Slot slot, int source) {
      if (loop.stopped()) {
        slot.done();
        return;
      }
      var unused =
          client
              .sourceAsync(names[source], ReadConsistency.linearizable())
              .whenComplete(
                  (state, failure) -> {
                    if (state == null) {
                      slot.failed(() -> recover(slot, source));
                    } else {
                      versions[source] = state.version();
                      slot.done();
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
