package io.varve.node.read;

import com.google.protobuf.ByteString;
import io.varve.node.wire.Events;
import io.varve.proto.v1.ReadResponse;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.StoredEvent;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Sends the events that exist when it begins. */
final class FiniteRead extends EventStream<ReadResponse> {

  private final Supplier<EventCursor> opener;
  private final Supplier<ByteString> logIdentity;
  private final ReadOptions options;
  private long left;
  private boolean sentAny;

  /**
   * A read.
   *
   * @param opener opens the cursor, once, on a worker
   * @param limit at most this many events; 0 = all
   */
  FiniteRead(
      Executor workers,
      MessageSink<ReadResponse> sink,
      Runnable whenOver,
      Supplier<EventCursor> opener,
      Supplier<ByteString> logIdentity,
      ReadOptions options,
      long limit) {
    super(workers, sink, whenOver);
    this.opener = opener;
    this.logIdentity = logIdentity;
    this.options = options;
    this.left = limit == 0 ? Long.MAX_VALUE : limit;
  }

  @Override
  boolean step() {
    EventCursor cursor = cursor();
    if (cursor == null) {
      cursor = hold(opener.get());
    }
    Batch batch = new Batch(options.batchEvents(), options.batchBytes());
    boolean exhausted = false;
    while (!batch.isFull() && left > 0 && !exhausted) {
      Optional<StoredEvent> next = cursor.next();
      exhausted = next.isEmpty();
      if (next.isPresent()) {
        batch.add(Events.message(next.get()));
        left--;
      }
    }
    exhausted |= left == 0;
    if (!batch.isEmpty() || !sentAny) {
      sink()
          .next(
              ReadResponse.newBuilder()
                  .setLogIdentity(logIdentity.get())
                  .setHead(cursor.head())
                  .addAllEvents(batch.events())
                  .build());
      sentAny = true;
    }
    if (exhausted) {
      complete();
    }
    return !exhausted;
  }
}
