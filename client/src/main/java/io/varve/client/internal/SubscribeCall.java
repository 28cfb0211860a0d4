package io.varve.client.internal;

import io.netty.channel.EventLoop;
import io.varve.client.Head;
import io.varve.client.InternalException;
import io.varve.client.RetryPolicy;
import io.varve.client.SubscribeOptions;
import io.varve.client.SubscriptionItem.CaughtUp;
import io.varve.client.SubscriptionItem.Checkpoint;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.proto.v1.SubscribeResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** One subscription, whatever node serves it: without a gap or a duplicate. */
final class SubscribeCall extends ResumableStream<SubscribeRequest, SubscribeResponse> {

  private static final long NONE = -1;

  private final LogState log;
  private final SubscribeOptions options;
  private final Sink sink;
  private final EventLoop loop;
  private final Supplier<CompletableFuture<Head>> heads;
  private final long silenceNanos;

  // Guarded by this.
  private long heardNanos = System.nanoTime();
  private boolean behind;
  private long afterPosition = NONE;
  private long afterVersion = NONE;
  private long lastPosition = NONE;

  /**
   * A subscription that waits to be started.
   *
   * @param heads asks for the head, linearizable
   * @param silence after how long without a word the head is asked for
   */
  SubscribeCall(
      Nodes nodes,
      LogState log,
      EventLoop loop,
      RetryPolicy policy,
      SubscribeOptions options,
      Supplier<CompletableFuture<Head>> heads,
      Duration silence,
      Sink sink) {
    super(nodes, log, loop, policy, LogServiceGrpc.getSubscribeMethod());
    this.log = log;
    this.options = options;
    this.sink = sink;
    this.loop = loop;
    this.heads = heads;
    this.silenceNanos = silence.toNanos();
    if (options.start() instanceof SubscribeOptions.AfterPosition after) {
      afterPosition = after.position();
    } else if (options.start() instanceof SubscribeOptions.AfterVersion after) {
      afterVersion = after.version();
    }
  }

  /** Begins where the options say. */
  void begin() {
    start();
    watchLater();
  }

  /** Begins behind this position: the head, when that is where the subscription is to start. */
  void beginAfter(long position) {
    synchronized (this) {
      afterPosition = position;
    }
    begin();
  }

  // ---- a node that is cut off from its peers sends nothing, like one with nothing to send ----

  private void watchLater() {
    // Not once the client is closed.
    boolean unused = Transport.later(loop, this::watch, silenceNanos);
  }

  private void watch() {
    if (isOver()) {
      return;
    }
    watchLater();
    long position;
    synchronized (this) {
      if (!isWaitingForNode() || System.nanoTime() - heardNanos < silenceNanos) {
        behind = false;
        return;
      }
      if (behind) {
        behind = false;
        restart("silent though the log has moved on");
        return;
      }
      position = afterPosition;
    }
    if (log.knownHead() > position) {
      suspect(position);
    } else {
      CompletableFuture<Void> unused =
          heads
              .get()
              .handle(
                  (head, error) -> {
                    if (error == null && head.position() > position) {
                      suspect(position);
                    }
                    return null;
                  });
    }
  }

  /** The log has moved on: unless the node says something by the next look, it is left. */
  private synchronized void suspect(long position) {
    behind = afterPosition == position;
  }

  @Override
  SubscribeRequest request() {
    SubscribeRequest.Builder request =
        SubscribeRequest.newBuilder().setLog(log.name()).setLogIdentity(log.identity());
    options.source().ifPresent(request::setSource);
    options.filter().ifPresent(filter -> request.setFilter(Convert.filter(filter)));
    if (afterVersion != NONE) {
      request.setAfterVersion(afterVersion);
    } else if (afterPosition > 0) {
      request.setAfterPosition(afterPosition);
    }
    return request.build();
  }

  @Override
  boolean accept(SubscribeResponse response) {
    log.learn(response.getLogIdentity(), 0);
    heardNanos = System.nanoTime();
    behind = false;
    switch (response.getNoticeCase()) {
      case BATCH -> {
        List<RecordedEvent> events = response.getBatch().getEventsList();
        if (events.isEmpty()) {
          return false;
        }
        checkOrder(events);
        RecordedEvent last = events.get(events.size() - 1);
        lastPosition = last.getPosition();
        passed(lastPosition);
        if (options.source().isPresent()) {
          afterVersion = last.getVersion();
        }
        return sink.take(Chunk.of(events));
      }
      case CAUGHT_UP -> {
        long position = response.getCaughtUp().getPosition();
        passed(position);
        return sink.take(Chunk.of(new CaughtUp(position)));
      }
      case CHECKPOINT -> {
        long position = response.getCheckpoint().getPosition();
        passed(position);
        return sink.take(Chunk.of(new Checkpoint(position)));
      }
      case NOTICE_NOT_SET -> {
        // A notice of a kind that a newer node knows and this client does not.
        return false;
      }
    }
    throw new AssertionError(response.getNoticeCase());
  }

  private void passed(long position) {
    afterPosition = Math.max(afterPosition, position);
    log.learnHead(position);
  }

  /** What a node may never get wrong is checked rather than handed on. */
  private void checkOrder(List<RecordedEvent> events) {
    boolean gapless = options.source().isEmpty() && options.filter().isEmpty();
    long before = gapless ? afterPosition : lastPosition;
    for (RecordedEvent event : events) {
      long position = event.getPosition();
      if (before != NONE && (position <= before || (gapless && position != before + 1))) {
        throw new InternalException(
            "the node sent position " + position + " after " + before, null);
      }
      before = position;
    }
  }

  @Override
  boolean complete() {
    return false;
  }

  @Override
  boolean endless() {
    return true;
  }

  @Override
  long resumePosition() {
    return Math.max(afterPosition, 0);
  }

  @Override
  void ended() {
    sink.ended();
  }

  @Override
  void failed(Throwable error) {
    sink.failed(error);
  }
}
