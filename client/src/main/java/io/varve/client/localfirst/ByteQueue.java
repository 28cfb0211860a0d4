package io.varve.client.localfirst;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A response's body, handed to a thread that waits for it. The next buffers are asked for only when
 * those here have been taken, so a slow reader slows the sender and nothing piles up: at most one
 * delivery of the HTTP client (16 KiB a buffer) waits. Thread-safe.
 */
final class ByteQueue implements BodySubscriber<ByteQueue>, AutoCloseable {

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<ByteBuffer> buffers = new ArrayDeque<>();
  private Flow.@Nullable Subscription subscription;
  private boolean requested;
  private boolean ended;
  private boolean closed;
  private @Nullable Throwable failure;

  @Override
  public CompletionStage<ByteQueue> getBody() {
    // Usable from the first byte on, not only once the body is complete.
    return CompletableFuture.completedStage(this);
  }

  /**
   * The next bytes; none when the body is over or this was closed.
   *
   * @throws IOException if the connection was lost, or nothing came within {@code atMost}
   */
  @Nullable ByteBuffer take(Duration atMost) throws IOException, InterruptedException {
    long left = atMost.toNanos();
    lock.lockInterruptibly();
    try {
      while (true) {
        if (closed) {
          return null;
        }
        ByteBuffer next = buffers.poll();
        if (next != null) {
          return next;
        }
        if (failure != null) {
          throw new IOException("the connection was lost", failure);
        }
        if (ended) {
          return null;
        }
        if (subscription != null && !requested) {
          requested = true;
          Flow.Subscription from = subscription;
          // Outside the lock: the HTTP client may deliver from within this call.
          lock.unlock();
          try {
            from.request(1);
          } finally {
            lock.lock();
          }
          continue;
        }
        if (left <= 0) {
          throw new IOException("nothing came for " + atMost.toSeconds() + " s");
        }
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether there is something to take without waiting. */
  boolean ready() {
    lock.lock();
    try {
      return !buffers.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Gives up the rest of the body; whoever waits is told that it is over. Idempotent. */
  @Override
  public void close() {
    Flow.Subscription toCancel;
    lock.lock();
    try {
      closed = true;
      buffers.clear();
      toCancel = ended || failure != null ? null : subscription;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (toCancel != null) {
      toCancel.cancel();
    }
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    boolean cancel;
    lock.lock();
    try {
      cancel = closed || this.subscription != null;
      if (!cancel) {
        this.subscription = subscription;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
    if (cancel) {
      subscription.cancel();
    }
  }

  @Override
  public void onNext(List<ByteBuffer> items) {
    lock.lock();
    try {
      requested = false;
      if (!closed) {
        items.stream().filter(ByteBuffer::hasRemaining).forEach(buffers::add);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onError(Throwable error) {
    lock.lock();
    try {
      failure = error;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onComplete() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
