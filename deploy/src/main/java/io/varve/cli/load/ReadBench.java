package io.varve.cli.load;

import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import java.time.Duration;
import java.util.SplittableRandom;

/**
 * A closed loop of reads: every slot has exactly one under way, of one event at a random position
 * of the log. Latency is from issue to the event's arrival.
 */
public final class ReadBench {

  private final VarveClient client;
  private final ReadConsistency consistency;
  private final long head;
  private final Meter meter = new Meter();

  private ReadBench(VarveClient client, ReadConsistency consistency, long head) {
    this.client = client;
    this.consistency = consistency;
    this.head = head;
  }

  /**
   * Runs it.
   *
   * @param inFlight slots, each with one read under way
   * @param consistency how fresh every read must be
   * @param head the log's head, at least 1: positions up to it are read
   * @param warmup runs before measuring begins
   * @param measured how long is measured
   * @throws InterruptedException if the thread was interrupted; what is under way runs out by
   *     itself
   */
  public static Measurement run(
      VarveClient client,
      int inFlight,
      ReadConsistency consistency,
      long head,
      Duration warmup,
      Duration measured)
      throws InterruptedException {
    if (head < 1) {
      throw new IllegalArgumentException("the log is empty");
    }
    ReadBench bench = new ReadBench(client, consistency, head);
    ClosedLoop loop = new ClosedLoop(inFlight, number -> bench.reads(new SplittableRandom(number)));
    try {
      loop.start();
      return bench.meter.measure(warmup, measured);
    } finally {
      loop.stop();
    }
  }

  private ClosedLoop.Work reads(SplittableRandom random) {
    return slot -> {
      ReadOptions options =
          ReadOptions.builder()
              .fromPosition(random.nextLong(1, head + 1))
              .limit(1)
              .consistency(consistency)
              .build();
      long begun = System.nanoTime();
      var unused =
          client
              .readAsync(options)
              .whenComplete(
                  (events, failure) -> {
                    if (failure == null && events.size() == 1) {
                      meter.succeeded(begun);
                      meter.events(1);
                      slot.done();
                    } else {
                      meter.error();
                      slot.failed(slot::done);
                    }
                  });
    };
  }
}
