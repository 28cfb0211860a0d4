package io.varve.node.read;

import io.varve.proto.v1.Error;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A caller that takes as many messages as the test lets it. */
final class PacedSink<T> implements MessageSink<T> {

  private final BlockingQueue<T> messages = new LinkedBlockingQueue<>();
  private final CompletableFuture<Error> end = new CompletableFuture<>();
  private final AtomicInteger credit = new AtomicInteger();
  private final boolean unlimited;
  private volatile Runnable onReady = () -> {};
  private volatile Runnable onCancel = () -> {};
  private volatile Runnable whenAsked = () -> {};

  private PacedSink(boolean unlimited) {
    this.unlimited = unlimited;
  }

  /** One that takes everything. */
  static <T> PacedSink<T> eager() {
    return new PacedSink<>(true);
  }

  /** One that takes what {@link #take} lets it. */
  static <T> PacedSink<T> paced() {
    return new PacedSink<>(false);
  }

  /** Lets some more messages through. */
  void take(int count) {
    credit.addAndGet(count);
    onReady.run();
  }

  void cancel() {
    onCancel.run();
  }

  /** Runs something, on the worker's thread, whenever it asks whether this is ready. */
  void whenAskedWhetherReady(Runnable action) {
    whenAsked = action;
  }

  @Override
  public boolean isReady() {
    whenAsked.run();
    return unlimited || credit.get() > 0;
  }

  @Override
  public void next(T message) {
    if (end.isDone()) {
      throw new AssertionError("a message after the end");
    }
    if (!unlimited && credit.getAndDecrement() <= 0) {
      throw new AssertionError("a message that the caller was not ready for");
    }
    messages.add(message);
  }

  @Override
  public void completed() {
    if (!end.complete(Error.getDefaultInstance())) {
      throw new AssertionError("ended twice");
    }
  }

  @Override
  public void failed(Error error) {
    if (!end.complete(error)) {
      throw new AssertionError("ended twice");
    }
  }

  @Override
  public void onReady(Runnable action) {
    onReady = action;
  }

  @Override
  public void onCancel(Runnable action) {
    onCancel = action;
  }

  /** The next message; fails the test when none comes. */
  T next() throws InterruptedException {
    T message = messages.poll(20, TimeUnit.SECONDS);
    if (message == null) {
      throw new AssertionError("no message came; the end: " + end);
    }
    return message;
  }

  int waiting() {
    return messages.size();
  }

  /** How it ended: the default instance when in good order. */
  Error end() throws Exception {
    return end.get(20, TimeUnit.SECONDS);
  }

  boolean isEnded() {
    return end.isDone();
  }
}
