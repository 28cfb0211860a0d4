package io.varve.node;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.varve.node.cluster.Conditions;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What comes back on a stream, for a test to take one by one. */
public final class Stream<Q, A> implements ClientResponseObserver<Q, A> {

  private final BlockingQueue<A> answers = new LinkedBlockingQueue<>();
  private final CompletableFuture<Status> end = new CompletableFuture<>();
  private final boolean manual;
  private ClientCallStreamObserver<Q> call;

  /** A stream whose answers are taken as they come. */
  public Stream() {
    this(false);
  }

  /** A stream; if manual, answers come only when {@link #request} asks for them. */
  public Stream(boolean manual) {
    this.manual = manual;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<Q> requests) {
    call = requests;
    if (manual) {
      requests.disableAutoRequestWithInitial(0);
    }
  }

  public void request(int count) {
    call.request(count);
  }

  public void cancel() {
    call.cancel("by the test", null);
  }

  @Override
  public void onNext(A answer) {
    answers.add(answer);
  }

  @Override
  public void onError(Throwable failure) {
    end.complete(Status.fromThrowable(failure));
  }

  @Override
  public void onCompleted() {
    end.complete(Status.OK);
  }

  /** The next answer; fails the test when none comes. */
  public A next() throws InterruptedException {
    A answer = answers.poll(Conditions.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    if (answer == null) {
      throw new AssertionError("no answer came; the stream: " + end);
    }
    return answer;
  }

  /** How many answers wait to be taken. */
  public int waiting() {
    return answers.size();
  }

  /** How the stream ended. */
  public Status end() throws Exception {
    return end.get(Conditions.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  public boolean isEnded() {
    return end.isDone();
  }
}
