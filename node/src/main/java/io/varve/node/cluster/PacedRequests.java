package io.varve.node.cluster;

import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.ratis.util.Timestamp;

/**
 * Hands out the requests of an installation no faster than they are answered, and ends it as soon
 * as it has failed.
 *
 * <p>Ratis's own window does not notice that its stream has failed: it waits for answers that
 * cannot come until everything times out, and sends the follower nothing meanwhile. So its window,
 * of twice {@link #WINDOW}, should not be what is waited for. What is known of answers is only when
 * the last one came, and one opens ours by up to {@code WINDOW} requests. With a follower that
 * answers as fast as it is sent to, no more than {@code WINDOW} are unanswered; with each answer
 * that comes after both open requests were sent, one more, so that a follower much slower than this
 * node can get Ratis's window filled after all, and a failure of its stream is noticed late.
 */
final class PacedRequests<T> implements Iterator<T> {

  /** How many requests may be sent after the newest that was certainly answered. */
  static final int WINDOW = 2;

  private static final long POLL_MILLIS = 2;

  private final Iterator<T> requests;
  private final Supplier<Timestamp> lastAnswer;
  private final BooleanSupplier failed;
  private final Duration patience;
  private final Timestamp[] sent = new Timestamp[WINDOW];
  private long count;

  /**
   * @param requests what to send
   * @param lastAnswer when the follower last answered
   * @param failed whether the stream has failed since the last call
   * @param patience how long to wait for an answer
   */
  PacedRequests(
      Iterator<T> requests,
      Supplier<Timestamp> lastAnswer,
      BooleanSupplier failed,
      Duration patience) {
    this.requests = requests;
    this.lastAnswer = lastAnswer;
    this.failed = failed;
    this.patience = patience;
  }

  @Override
  public boolean hasNext() {
    return requests.hasNext();
  }

  /**
   * @throws IllegalStateException if the installation has failed
   */
  @Override
  public T next() {
    int slot = (int) (count % WINDOW);
    if (count >= WINDOW) {
      awaitAnswerSince(sent[slot]);
    }
    T request = requests.next();
    sent[slot] = Timestamp.currentTime();
    count++;
    return request;
  }

  private void awaitAnswerSince(Timestamp time) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (lastAnswer.get().compareTo(time) < 0) {
      if (failed.getAsBoolean()) {
        throw new IllegalStateException("the follower's stream has failed");
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("the follower has not answered for " + patience);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
    }
  }
}
