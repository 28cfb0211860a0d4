package io.varve.node.cluster;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.util.AwaitForSignal;

/**
 * A signal for one thread that waits: it lasts until that thread has waited for it, also if it came
 * before. Several that come meanwhile are one. Thread-safe.
 */
final class LastingSignal extends AwaitForSignal {

  private final Semaphore signals = new Semaphore(0);

  LastingSignal(String name) {
    super(name);
  }

  @Override
  public void await() throws InterruptedException {
    signals.acquire();
    signals.drainPermits();
  }

  @Override
  public boolean await(long time, TimeUnit unit) throws InterruptedException {
    boolean signalled = signals.tryAcquire(Math.max(0, time), unit);
    signals.drainPermits();
    return signalled;
  }

  @Override
  public void signal() {
    signals.release();
  }
}
