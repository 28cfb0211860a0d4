package io.varve.node.read;

import com.google.protobuf.ByteString;
import io.varve.node.wire.Events;
import io.varve.proto.v1.CaughtUp;
import io.varve.proto.v1.Checkpoint;
import io.varve.proto.v1.EventBatch;
import io.varve.proto.v1.SubscribeResponse;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoredEvent;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Sends the events after a position, and then those that come.
 *
 * <p>{@code upTo} is its whole memory: every selected event up to there was sent, none behind it.
 * So whether the next events come from a cursor over the store or from the window of recent ones,
 * there is neither a gap nor a duplicate.
 */
final class Subscription extends EventStream<SubscribeResponse> {

  private final Selection selection;
  private final LogReader reader;
  private final TailWindow window;
  private final Supplier<ByteString> logIdentity;
  private final ReadOptions options;

  private long upTo;

  /** The same, for those who look from outside. */
  private volatile long sentUpTo;

  /** The newest position the caller can know of: of an event or a notice. */
  private long told;

  private long toldAtNanos = System.nanoTime();
  private boolean toldCaughtUp;

  Subscription(
      Executor workers,
      MessageSink<SubscribeResponse> sink,
      Runnable whenOver,
      Selection selection,
      LogReader reader,
      TailWindow window,
      Supplier<ByteString> logIdentity,
      ReadOptions options) {
    super(workers, sink, whenOver);
    this.selection = selection;
    this.reader = reader;
    this.window = window;
    this.logIdentity = logIdentity;
    this.options = options;
  }

  /** Begins to send the events after a position. */
  void startAfter(long position) {
    upTo = position;
    told = position;
    sentUpTo = position;
    start();
  }

  /** The position up to which its caller was sent everything. Any thread may ask. */
  long sentUpTo() {
    return sentUpTo;
  }

  @Override
  boolean step() {
    boolean more = advance();
    sentUpTo = upTo;
    return more;
  }

  private boolean advance() {
    EventCursor cursor = cursor();
    if (cursor != null) {
      catchUp(cursor);
      return true;
    }
    Optional<List<TailWindow.Recent>> recent = window.after(upTo, options.batchEvents());
    if (recent.isEmpty()) {
      toldCaughtUp = false;
      hold(selection.open(reader, upTo + 1, Direction.FORWARD));
      return true;
    }
    if (recent.get().isEmpty()) {
      return atTheHead();
    }
    follow(recent.get());
    return true;
  }

  private void catchUp(EventCursor cursor) {
    Batch batch = batch();
    boolean exhausted = false;
    while (!batch.isFull() && !exhausted) {
      Optional<StoredEvent> next = cursor.next();
      exhausted = next.isEmpty();
      if (next.isPresent()) {
        batch.add(Events.message(next.get()));
        upTo = next.get().position();
      }
    }
    if (exhausted) {
      // The cursor's filter matched nothing between its last event and its head.
      upTo = Math.max(upTo, cursor.head());
      closeCursor();
    }
    send(batch);
  }

  private void follow(List<TailWindow.Recent> recent) {
    Batch batch = batch();
    for (TailWindow.Recent candidate : recent) {
      if (batch.isFull()) {
        break;
      }
      if (selection.includes(candidate.event())) {
        batch.add(candidate.message());
      }
      upTo = candidate.event().position();
    }
    send(batch);
  }

  private boolean atTheHead() {
    if (!toldCaughtUp) {
      toldCaughtUp = true;
      tell(notice().setCaughtUp(CaughtUp.newBuilder().setPosition(upTo)).build());
      return true;
    }
    if (upTo > told && System.nanoTime() - toldAtNanos > options.checkpointInterval().toNanos()) {
      checkpoint();
    }
    return false;
  }

  private void send(Batch batch) {
    if (!batch.isEmpty()) {
      SubscribeResponse message =
          notice().setBatch(EventBatch.newBuilder().addAllEvents(batch.events())).build();
      tell(message);
      told = batch.events().get(batch.events().size() - 1).getPosition();
    } else if (upTo - told >= options.checkpointPositions()) {
      checkpoint();
    }
  }

  private void checkpoint() {
    tell(notice().setCheckpoint(Checkpoint.newBuilder().setPosition(upTo)).build());
  }

  private void tell(SubscribeResponse message) {
    told = upTo;
    toldAtNanos = System.nanoTime();
    sink().next(message);
  }

  private SubscribeResponse.Builder notice() {
    return SubscribeResponse.newBuilder().setLogIdentity(logIdentity.get());
  }

  private Batch batch() {
    return new Batch(options.batchEvents(), options.batchBytes());
  }
}
