package io.varve.client.internal;

import io.netty.channel.EventLoop;
import io.varve.client.InternalException;
import io.varve.client.RetryPolicy;
import io.varve.client.SubscribeOptions;
import io.varve.client.SubscriptionItem.CaughtUp;
import io.varve.client.SubscriptionItem.Checkpoint;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.proto.v1.SubscribeResponse;
import java.util.List;

/** One subscription, whatever node serves it: without a gap or a duplicate. */
final class SubscribeCall extends ResumableStream<SubscribeRequest, SubscribeResponse> {

  private static final long NONE = -1;

  private final LogState log;
  private final SubscribeOptions options;
  private final Sink sink;

  // Guarded by this.
  private long afterPosition = NONE;
  private long afterVersion = NONE;
  private long lastPosition = NONE;

  SubscribeCall(
      Nodes nodes,
      LogState log,
      EventLoop loop,
      RetryPolicy policy,
      SubscribeOptions options,
      Sink sink) {
    super(nodes, log, loop, policy, LogServiceGrpc.getSubscribeMethod());
    this.log = log;
    this.options = options;
    this.sink = sink;
    if (options.start() instanceof SubscribeOptions.AfterPosition after) {
      afterPosition = after.position();
    } else if (options.start() instanceof SubscribeOptions.AfterVersion after) {
      afterVersion = after.version();
    }
  }

  /** Starts behind this position: the head, when that is where the subscription is to start. */
  synchronized void startAfter(long position) {
    afterPosition = position;
    start();
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
