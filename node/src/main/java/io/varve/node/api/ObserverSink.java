package io.varve.node.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.varve.node.read.MessageSink;
import io.varve.proto.v1.Error;

/** A stream's messages to a gRPC caller. */
final class ObserverSink<T> implements MessageSink<T> {

  private final ServerCallStreamObserver<T> observer;

  ObserverSink(ServerCallStreamObserver<T> observer) {
    this.observer = observer;
  }

  @Override
  public boolean isReady() {
    return observer.isReady();
  }

  @Override
  public void next(T message) {
    observer.onNext(message);
  }

  @Override
  public void completed() {
    observer.onCompleted();
  }

  @Override
  public void failed(Error error) {
    observer.onError(Statuses.of(error));
  }

  @Override
  public void onReady(Runnable action) {
    observer.setOnReadyHandler(action);
  }

  @Override
  public void onCancel(Runnable action) {
    observer.setOnCancelHandler(action);
  }
}
