package io.varve.client.internal;

import io.netty.channel.EventLoop;
import io.varve.client.InternalException;
import io.varve.client.ReadOptions;
import io.varve.client.RetryPolicy;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.ReadConsistency;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.ReadResponse;
import io.varve.proto.v1.RecordedEvent;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One read, whatever node answers it: ends at the head that its first response named. */
final class ReadCall extends ResumableStream<ReadRequest, ReadResponse> {

  private static final long NONE = -1;

  private final LogState log;
  private final ReadOptions options;
  private final Sink sink;
  private final CompletableFuture<Long> headFuture = new CompletableFuture<>();

  // Guarded by this.
  private long head = NONE;
  private long lastPosition = NONE;
  private long lastVersion = NONE;
  private long received;

  ReadCall(
      Nodes nodes,
      LogState log,
      EventLoop loop,
      RetryPolicy policy,
      ReadOptions options,
      Sink sink) {
    super(nodes, log, loop, policy, LogServiceGrpc.getReadMethod());
    this.log = log;
    this.options = options;
    this.sink = sink;
  }

  /** The head the read answers from, once it is known. */
  CompletableFuture<Long> head() {
    return headFuture;
  }

  @Override
  ReadRequest request() {
    ReadRequest.Builder request =
        ReadRequest.newBuilder()
            .setLog(log.name())
            .setLogIdentity(log.identity())
            .setBackward(options.backward());
    options.source().ifPresent(request::setSource);
    options.filter().ifPresent(filter -> request.setFilter(Convert.filter(filter)));
    if (options.limit() > 0) {
      request.setLimit(options.limit() - received);
    }
    ReadConsistency.Builder consistency = Convert.consistency(options.consistency()).toBuilder();
    if (head != NONE) {
      // A node that takes over must have applied as far as the read reaches.
      consistency.setAtLeast(Math.max(consistency.getAtLeast(), head));
    }
    request.setConsistency(consistency);
    int step = options.backward() ? -1 : 1;
    if (lastPosition == NONE) {
      options.fromPosition().ifPresent(request::setFromPosition);
      options.fromVersion().ifPresent(request::setFromVersion);
    } else if (options.source().isPresent()) {
      request.setFromVersion(lastVersion + step);
    } else {
      request.setFromPosition(lastPosition + step);
    }
    return request.build();
  }

  @Override
  boolean accept(ReadResponse response) {
    log.learn(response.getLogIdentity(), response.getHead());
    if (head == NONE) {
      head = response.getHead();
      headFuture.complete(head);
    }
    List<RecordedEvent> events = response.getEventsList();
    boolean pastHead = false;
    if (!options.backward()) {
      // Only after a change of nodes: the second one's head may be newer than the read's.
      int within = events.size();
      while (within > 0 && events.get(within - 1).getPosition() > head) {
        within--;
      }
      pastHead = within < events.size();
      events = events.subList(0, within);
    }
    boolean buffered = false;
    if (!events.isEmpty()) {
      checkOrder(events);
      RecordedEvent last = events.get(events.size() - 1);
      lastPosition = last.getPosition();
      lastVersion = last.getVersion();
      received += events.size();
      buffered = sink.take(Chunk.of(events));
    }
    if (pastHead) {
      finish();
    }
    return buffered;
  }

  /** What a node may never get wrong is checked rather than handed on. */
  private void checkOrder(List<RecordedEvent> events) {
    boolean gapless = options.source().isEmpty() && options.filter().isEmpty();
    long before = lastPosition;
    for (RecordedEvent event : events) {
      long position = event.getPosition();
      if (before != NONE) {
        long step = options.backward() ? before - position : position - before;
        if (step < 1 || (gapless && step != 1)) {
          throw new InternalException(
              "the node sent position " + position + " after " + before, null);
        }
      }
      before = position;
    }
  }

  @Override
  boolean complete() {
    if (lastPosition == NONE) {
      return false;
    }
    return (options.limit() > 0 && received >= options.limit())
        || (options.backward() ? lastPosition <= 1 : lastPosition >= head);
  }

  @Override
  boolean endless() {
    return false;
  }

  @Override
  long resumePosition() {
    return lastPosition == NONE ? 0 : lastPosition;
  }

  @Override
  void ended() {
    headFuture.complete(Math.max(head, 0));
    sink.ended();
  }

  @Override
  void failed(Throwable error) {
    headFuture.completeExceptionally(error);
    sink.failed(error);
  }
}
