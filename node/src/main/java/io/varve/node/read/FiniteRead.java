package io.varve.node.read;

import com.google.protobuf.ByteString;
import io.varve.node.wire.Events;
import io.varve.proto.v1.ReadResponse;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoredEvent;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Sends the events that exist when it begins. */
final class FiniteRead extends EventStream<ReadResponse> {

  /**
   * What to read.
   *
   * @param limit at most this many events; 0 = all
   * @param first opens the cursor at the start
   */
  record Range(Selection selection, Direction direction, long limit, Supplier<EventCursor> first) {}

  private final Range range;
  private final LogReader reader;
  private final Supplier<ByteString> logIdentity;
  private final ReadOptions options;

  private long left;
  private boolean begun;

  /** The head this read answers from, once it has begun. */
  private long head;

  /** Where to go on when the cursor was closed meanwhile, once it has begun. */
  private long next;

  FiniteRead(
      Executor workers,
      MessageSink<ReadResponse> sink,
      Runnable whenOver,
      Range range,
      LogReader reader,
      Supplier<ByteString> logIdentity,
      ReadOptions options) {
    super(workers, sink, whenOver);
    this.range = range;
    this.reader = reader;
    this.logIdentity = logIdentity;
    this.options = options;
    this.left = range.limit() == 0 ? Long.MAX_VALUE : range.limit();
  }

  @Override
  boolean step() {
    EventCursor cursor = cursor();
    boolean first = !begun;
    if (first) {
      cursor = hold(range.first().get());
      begun = true;
      head = cursor.head();
    } else if (cursor == null) {
      cursor = hold(range.selection().open(reader, next, range.direction()));
    }
    Batch batch = new Batch(options.batchEvents(), options.batchBytes());
    boolean exhausted = false;
    while (!batch.isFull() && left > 0 && !exhausted) {
      Optional<StoredEvent> event = cursor.next().filter(found -> found.position() <= head);
      exhausted = event.isEmpty();
      if (event.isPresent()) {
        batch.add(Events.message(event.get()));
        left--;
        next = event.get().position() + (range.direction() == Direction.FORWARD ? 1 : -1);
      }
    }
    exhausted |= left == 0;
    if (first || !batch.isEmpty()) {
      sink()
          .next(
              ReadResponse.newBuilder()
                  .setLogIdentity(logIdentity.get())
                  .setHead(head)
                  .addAllEvents(batch.events())
                  .build());
    }
    if (exhausted) {
      complete();
    }
    return !exhausted;
  }
}
