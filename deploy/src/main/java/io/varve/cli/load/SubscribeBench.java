package io.varve.cli.load;

import io.varve.client.Event;
import io.varve.client.SubscribeOptions;
import io.varve.client.Subscription;
import io.varve.client.SubscriptionListener;
import io.varve.client.VarveClient;
import java.time.Duration;

/**
 * Subscriptions that catch up from the first event, again and again: every slot follows the log
 * until it has been told that it has caught up, and then begins anew. Latency is that of a whole
 * catch-up; events are counted as they arrive, and one that arrives out of turn is an error.
 */
public final class SubscribeBench {

  private final VarveClient client;
  private final Meter meter = new Meter();

  private SubscribeBench(VarveClient client) {
    this.client = client;
  }

  /**
   * Runs it.
   *
   * @param inFlight slots, each with one subscription
   * @param warmup runs before measuring begins
   * @param measured how long is measured
   * @throws InterruptedException if the thread was interrupted
   */
  public static Measurement run(
      VarveClient client, int inFlight, Duration warmup, Duration measured)
      throws InterruptedException {
    SubscribeBench bench = new SubscribeBench(client);
    ClosedLoop loop = new ClosedLoop(inFlight, number -> bench.new CatchUps());
    try {
      loop.start();
      return bench.meter.measure(warmup, measured);
    } finally {
      loop.stop();
    }
  }

  /** One slot's subscriptions. */
  private final class CatchUps implements ClosedLoop.Work {

    @Override
    public void issue(ClosedLoop.Slot slot) {
      CatchUp catchUp = new CatchUp();
      Subscription subscription = client.subscribe(SubscribeOptions.wholeLog(), catchUp);
      catchUp.end =
          () -> {
            subscription.close();
            slot.done();
          };
      var unused =
          subscription
              .done()
              .whenComplete(
                  (nothing, failure) -> {
                    if (failure != null) {
                      meter.error();
                      slot.failed(slot::done);
                    }
                  });
      catchUp.ready();
    }
  }

  /** From the first event to the head. Called by one thread at a time. */
  private final class CatchUp implements SubscriptionListener {
    private final long begun = System.nanoTime();
    private long position;
    private boolean over;

    /** Guarded by this: it may have caught up before the subscription is at hand to be closed. */
    private boolean caughtUp;

    private boolean known;
    private Runnable end = () -> {};

    @Override
    public void onEvent(Event event) {
      if (event.position() != position + 1) {
        meter.error();
      }
      position = event.position();
      meter.events(1);
    }

    @Override
    public void onCaughtUp(long upTo) {
      if (over) {
        return;
      }
      over = true;
      meter.succeeded(begun);
      boolean now;
      synchronized (this) {
        caughtUp = true;
        now = known;
      }
      if (now) {
        end.run();
      }
    }

    /** What is to be done in the end is known. */
    void ready() {
      boolean now;
      synchronized (this) {
        known = true;
        now = caughtUp;
      }
      if (now) {
        end.run();
      }
    }
  }
}
