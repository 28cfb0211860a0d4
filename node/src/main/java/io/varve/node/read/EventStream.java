package io.varve.node.read;

import io.varve.node.wire.ErrorException;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.RecordedEvent;
import io.varve.statemachine.EventCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A stream of events to one caller. It works only while the caller takes, a bounded stretch at a
 * time, so that a few threads serve many.
 *
 * @param <T> its messages
 */
abstract class EventStream<T> extends Serial {

  /** How many messages are sent before it is another stream's turn. */
  private static final int MESSAGES_PER_TURN = 8;

  private final MessageSink<T> sink;
  private final Runnable whenOver;

  // Asked for from any thread.
  private volatile boolean started;
  private volatile boolean cancelled;
  private volatile @Nullable Error failure;
  private volatile boolean shallRest;

  // Written by the worker at it, looked at by others.
  private volatile boolean holdsCursor;
  private volatile long lastSentNanos = System.nanoTime();

  // Confined to the worker at it.
  private @Nullable EventCursor cursor;
  private boolean over;

  /**
   * A stream that waits for {@link #start()}.
   *
   * @param whenOver runs once, when the stream has ended in whatever way
   */
  EventStream(Executor workers, MessageSink<T> sink, Runnable whenOver) {
    super(workers);
    this.sink = sink;
    this.whenOver = whenOver;
  }

  /** Begins to send. */
  final void start() {
    started = true;
    schedule();
  }

  /** The caller is gone. */
  final void cancel() {
    cancelled = true;
    schedule();
  }

  /** Ends the stream with an error. */
  final void fail(Error error) {
    failure = error;
    schedule();
  }

  /** Whether it has begun and its caller does not take what it could be sent. */
  final boolean isHeldBack() {
    return started && !sink.isReady();
  }

  /** Whether it has a cursor open. */
  final boolean holdsCursor() {
    return holdsCursor;
  }

  /**
   * Closes its cursor if its caller has taken nothing for so long: a cursor keeps files and memory
   * that the store could free. It is opened again where it was when the caller takes more.
   */
  final void restIfIdle(long idleNanos) {
    if (holdsCursor && System.nanoTime() - lastSentNanos > idleNanos) {
      shallRest = true;
      schedule();
    }
  }

  /**
   * Sends at most one message. The cursor may have been closed since the last time.
   *
   * @return whether there may be more to do; false = not before something schedules this again
   */
  abstract boolean step();

  final MessageSink<T> sink() {
    return sink;
  }

  final @Nullable EventCursor cursor() {
    return cursor;
  }

  /** Takes a cursor over; it is closed with the stream. */
  final EventCursor hold(EventCursor opened) {
    cursor = opened;
    holdsCursor = true;
    return opened;
  }

  final void closeCursor() {
    EventCursor open = cursor;
    if (open != null) {
      cursor = null;
      holdsCursor = false;
      open.close();
    }
  }

  /** Ends the stream: everything was sent. */
  final void complete() {
    if (finish()) {
      sink.completed();
    }
  }

  @Override
  final void work() {
    try {
      for (int i = 0; i < MESSAGES_PER_TURN; i++) {
        Error failed = failure;
        if (over) {
          return;
        }
        if (cancelled) {
          finish();
          return;
        }
        if (failed != null) {
          throw new ErrorException(failed);
        }
        if (!started || !sink.isReady()) {
          rest();
          return;
        }
        if (!step()) {
          return;
        }
        lastSentNanos = System.nanoTime();
      }
      schedule();
    } catch (RuntimeException e) {
      if (finish()) {
        sink.failed(Errors.of(e));
      }
    }
  }

  private void rest() {
    if (shallRest) {
      shallRest = false;
      closeCursor();
    }
  }

  private boolean finish() {
    if (over) {
      return false;
    }
    over = true;
    closeCursor();
    whenOver.run();
    return true;
  }

  /** Events for one message, up to its bounds. */
  static final class Batch {
    private final int maxEvents;
    private final int maxBytes;
    private final List<RecordedEvent> events = new ArrayList<>();
    private int bytes;

    Batch(int maxEvents, int maxBytes) {
      this.maxEvents = maxEvents;
      this.maxBytes = maxBytes;
    }

    void add(RecordedEvent event) {
      events.add(event);
      bytes += event.getSerializedSize();
    }

    boolean isFull() {
      return events.size() >= maxEvents || bytes >= maxBytes;
    }

    boolean isEmpty() {
      return events.isEmpty();
    }

    List<RecordedEvent> events() {
      return events;
    }
  }
}
