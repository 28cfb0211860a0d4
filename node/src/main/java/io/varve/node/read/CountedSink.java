package io.varve.node.read;

import io.varve.proto.v1.Error;
import java.util.function.Consumer;

/** A sink whose messages are looked at on their way. */
final class CountedSink<T> implements MessageSink<T> {

  private final MessageSink<T> sink;
  private final Consumer<T> count;

  CountedSink(MessageSink<T> sink, Consumer<T> count) {
    this.sink = sink;
    this.count = count;
  }

  @Override
  public boolean isReady() {
    return sink.isReady();
  }

  @Override
  public void next(T message) {
    count.accept(message);
    sink.next(message);
  }

  @Override
  public void completed() {
    sink.completed();
  }

  @Override
  public void failed(Error error) {
    sink.failed(error);
  }

  @Override
  public void onReady(Runnable action) {
    sink.onReady(action);
  }

  @Override
  public void onCancel(Runnable action) {
    sink.onCancel(action);
  }
}
