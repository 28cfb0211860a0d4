package io.varve.testkit;

import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes nodes while the next test runs: stopping one takes Raft a second, of which none is work.
 * Thread-safe.
 */
final class Closer implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Closer.class);

  /** How many may be on their way out at once; each still holds its memory. */
  private static final int MAX_CLOSING = 4;

  private final Semaphore slots = new Semaphore(MAX_CLOSING);

  /** Closes a node soon. Waits as long as too many others are being closed. */
  void closeSoon(EmbeddedVarve varve) {
    slots.acquireUninterruptibly();
    Thread closing =
        new Thread(
            () -> {
              try {
                varve.close();
              } catch (RuntimeException e) {
                LOG.warn("Cannot close an embedded node", e);
              } finally {
                slots.release();
              }
            },
            "varve-embedded-close");
    closing.start();
  }

  /** Waits until all are closed. */
  @Override
  public void close() {
    slots.acquireUninterruptibly(MAX_CLOSING);
    slots.release(MAX_CLOSING);
  }
}
