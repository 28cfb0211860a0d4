package io.varve.client.internal;

import io.varve.client.SubscriptionItem;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Publishes subscriptions by the rules of {@link Flow}: each subscriber gets one of its own. */
final class ItemPublisher implements Flow.Publisher<SubscriptionItem> {

  /** Items delivered before the thread is given up to others. */
  private static final int BURST = 1024;

  private final Executor executor;
  private final Function<Delivery, SubscribeCall> starter;
  private final Consumer<AutoCloseable> whenOver;

  /**
   * A publisher.
   *
   * @param executor where subscribers are called
   * @param starter makes and starts a subscription into the sink, and remembers that it is open
   * @param whenOver told once it is over
   */
  ItemPublisher(
      Executor executor,
      Function<Delivery, SubscribeCall> starter,
      Consumer<AutoCloseable> whenOver) {
    this.executor = executor;
    this.starter = starter;
    this.whenOver = whenOver;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super SubscriptionItem> subscriber) {
    new Delivery(subscriber).begin();
  }

  /** One subscriber's subscription. */
  final class Delivery implements Flow.Subscription, Sink, AutoCloseable {
    private final Flow.Subscriber<? super SubscriptionItem> subscriber;
    private final Queue<Chunk> chunks = new ConcurrentLinkedQueue<>();
    private final AtomicLong requested = new AtomicLong();
    private final AtomicInteger signals = new AtomicInteger();
    private volatile boolean cancelled;
    private volatile boolean over;
    private volatile @Nullable Throwable error;
    private volatile @Nullable SubscribeCall call;

    // Whoever delivers.
    private @Nullable Chunk current;
    private boolean terminated;

    Delivery(Flow.Subscriber<? super SubscriptionItem> subscriber) {
      this.subscriber = Objects.requireNonNull(subscriber, "subscriber");
    }

    void begin() {
      // Counts as delivering, so that nothing comes before onSubscribe has returned.
      signals.incrementAndGet();
      subscriber.onSubscribe(this);
      if (!cancelled) {
        try {
          SubscribeCall started = starter.apply(this);
          call = started;
          if (cancelled) {
            started.cancel();
          }
        } catch (RuntimeException failure) {
          failed(failure);
        }
      }
      dispatch();
    }

    // ---- the subscriber ----

    @Override
    public void request(long n) {
      if (n <= 0) {
        stop();
        failed(new IllegalArgumentException("a subscriber requests more than nothing: " + n));
        return;
      }
      requested.accumulateAndGet(n, (a, b) -> a + b < 0 ? Long.MAX_VALUE : a + b);
      signal();
    }

    @Override
    public void cancel() {
      cancelled = true;
      stop();
    }

    private void stop() {
      whenOver.accept(this);
      SubscribeCall started = call;
      if (started != null) {
        started.cancel();
      }
    }

    // ---- the stream ----

    @Override
    public boolean take(Chunk chunk) {
      chunks.add(chunk);
      signal();
      return true;
    }

    @Override
    public void ended() {
      over = true;
      whenOver.accept(this);
      signal();
    }

    @Override
    public void failed(Throwable failure) {
      if (error == null) {
        error = failure;
      }
      ended();
    }

    /** The client closes. */
    @Override
    public void close() {
      stop();
      ended();
    }

    // ---- delivering ----

    private void signal() {
      if (signals.getAndIncrement() == 0) {
        dispatch();
      }
    }

    private void dispatch() {
      try {
        executor.execute(this::deliver);
      } catch (RejectedExecutionException closed) {
        deliver();
      }
    }

    private void deliver() {
      int seen = signals.get();
      int burst = BURST;
      while (true) {
        while (burst > 0 && deliverOne()) {
          burst--;
        }
        if (burst == 0) {
          dispatch();
          return;
        }
        seen = signals.addAndGet(-seen);
        if (seen == 0) {
          return;
        }
      }
    }

    /** Delivers one item, or the end; returns whether there may be more to deliver. */
    private boolean deliverOne() {
      if (cancelled || terminated) {
        chunks.clear();
        current = null;
        return false;
      }
      Throwable failure = error;
      if (failure instanceof IllegalArgumentException) {
        // The subscriber broke the rules: it is told at once.
        terminated = true;
        subscriber.onError(failure);
        return false;
      }
      boolean last = over;
      Chunk from = current;
      if (from == null || !from.hasNext()) {
        if (from != null) {
          current = null;
          SubscribeCall started = call;
          if (started != null) {
            started.consumed();
          }
        }
        from = chunks.poll();
        if (from == null) {
          if (last) {
            terminated = true;
            if (failure == null) {
              subscriber.onComplete();
            } else {
              subscriber.onError(failure);
            }
          }
          return false;
        }
        current = from;
      }
      if (requested.get() == 0) {
        return false;
      }
      SubscriptionItem item = from.next();
      if (requested.get() != Long.MAX_VALUE) {
        requested.decrementAndGet();
      }
      try {
        subscriber.onNext(item);
      } catch (RuntimeException | Error broken) {
        cancel();
        Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, broken);
        return false;
      }
      return true;
    }
  }
}
