package io.varve.node.pipeline;

import com.google.protobuf.ByteString;
import io.varve.node.cluster.Conditions;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.NewEvent;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** An append that remembers its answer, and that it got only one. */
final class TestAppend extends PendingAppend {

  final String name;
  private final CompletableFuture<PipelineAnswer> answer = new CompletableFuture<>();

  TestAppend(String name, int payloadBytes, long deadlineNanos) {
    super(
        Append.newBuilder()
            .addEvents(
                NewEvent.newBuilder()
                    .setSource("s")
                    .setType(name)
                    .setData(ByteString.copyFrom(new byte[payloadBytes])))
            .build(),
        deadlineNanos);
    this.name = name;
  }

  static TestAppend named(String name) {
    return new TestAppend(name, 10, System.nanoTime() + TimeUnit.MINUTES.toNanos(5));
  }

  static TestAppend sized(String name, int payloadBytes) {
    return new TestAppend(name, payloadBytes, System.nanoTime() + TimeUnit.MINUTES.toNanos(5));
  }

  @Override
  protected void answered(PipelineAnswer given) {
    if (!answer.complete(given)) {
      throw new AssertionError(name + " was answered twice");
    }
  }

  boolean isAnswered() {
    return answer.isDone();
  }

  PipelineAnswer answer() throws Exception {
    return answer.get(Conditions.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }
}
