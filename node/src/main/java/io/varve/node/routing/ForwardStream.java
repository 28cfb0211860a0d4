package io.varve.node.routing;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import io.grpc.Status;
import io.varve.node.routing.AppendResult.Returned;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.LogServiceGrpc;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * To the node that leads: one AppendStream per session, marked as forwarded, so that its order is
 * the session's and an unknown outcome ends no other caller's stream.
 *
 * <p>When the stream ends, what was sent and not answered is unknown, with two exceptions: nothing
 * can have reached a leader over a connection that never stood; and a leader that ends the stream
 * in good order has answered everything it took.
 */
final class ForwardStream implements Route, Slot.Attempt {

  private final AppendRouter router;
  private final AppendSession session;
  private final Leader leader;
  private final ClientCall<AppendStreamRequest, AppendStreamResponse> call;
  private final ConcurrentLinkedQueue<Slot> unanswered = new ConcurrentLinkedQueue<>();

  /** Set before the first byte can have left. */
  private volatile boolean connected;

  private volatile boolean closed;

  private ForwardStream(
      AppendRouter router, AppendSession session, Leader leader, Channel channel, int window) {
    this.router = router;
    this.session = session;
    this.leader = leader;
    CallOptions options =
        CallOptions.DEFAULT
            .withExecutor((Executor) Runnable::run)
            .withStreamTracerFactory(new ConnectionTracer());
    this.call = channel.newCall(LogServiceGrpc.getAppendStreamMethod(), options);
    Metadata headers = new Metadata();
    headers.put(Forwarding.FORWARDED, router.nodeId());
    call.start(new Listener(), headers);
    // At most this many answers can be out: the session takes no more appends than that.
    call.request(window);
  }

  static ForwardStream open(
      AppendRouter router, AppendSession session, Leader leader, Channel channel, int window) {
    return new ForwardStream(router, session, leader, channel, window);
  }

  @Override
  public void send(Slot slot) {
    slot.handedTo(this);
    if (closed) {
      session.resultCame(slot, neverSent());
      return;
    }
    if (slot.expired(System.nanoTime())) {
      session.resultCame(
          slot,
          router
              .answers()
              .error(
                  ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED,
                  "the deadline passed before the append was forwarded to the leader"));
      return;
    }
    unanswered.add(slot);
    call.sendMessage(
        AppendStreamRequest.newBuilder()
            .setLogIdentity(router.logIdentity())
            .setAppend(slot.append())
            .setTimeoutMillis(timeoutMillis(slot))
            .build());
    if (closed) {
      // It closed meanwhile, and may have looked through the unanswered before this one was there.
      settleUnanswered(Status.UNAVAILABLE);
    }
  }

  @Override
  public boolean leadsToLeader() {
    return !closed && router.leader().filter(leader::equals).isPresent();
  }

  @Override
  public void finish() {
    if (!closed) {
      call.halfClose();
    }
  }

  @Override
  public void abandon() {
    call.cancel("the caller is gone", null);
  }

  /** Never: whether the leader has it cannot be known here. */
  @Override
  public boolean withdraw() {
    return false;
  }

  /** A little less than is left, so that the leader's precise answer is here in time. */
  private int timeoutMillis(Slot slot) {
    long left = TimeUnit.NANOSECONDS.toMillis(slot.deadlineNanos() - System.nanoTime());
    return (int) Math.min(Math.max(1, left - Deadlines.marginMillis(left)), Integer.MAX_VALUE);
  }

  private Returned neverSent() {
    return new Returned(
        Answers.unavailable("node " + leader.id() + " at " + leader.address() + " is not reached"));
  }

  private void settleUnanswered(Status status) {
    Slot slot;
    while ((slot = unanswered.poll()) != null) {
      session.resultCame(slot, whenUnanswered(status));
    }
  }

  private AppendResult whenUnanswered(Status status) {
    if (!connected) {
      return neverSent();
    }
    if (status.isOk()) {
      return new Returned(
          Answers.unavailable("node " + leader.id() + " ended the stream before this append"));
    }
    return router
        .answers()
        .unknown(
            "the connection to the leader, node "
                + leader.id()
                + ", was lost: "
                + status.getCode());
  }

  private final class Listener extends ClientCall.Listener<AppendStreamResponse> {
    @Override
    public void onMessage(AppendStreamResponse response) {
      Slot slot = unanswered.poll();
      if (slot == null) {
        return; // more answers than appends: of no use to anybody
      }
      call.request(1);
      session.resultCame(slot, router.answers().of(response));
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      closed = true;
      settleUnanswered(status);
    }
  }

  private final class ConnectionTracer extends ClientStreamTracer.Factory {
    @Override
    public ClientStreamTracer newClientStreamTracer(
        ClientStreamTracer.StreamInfo info, Metadata headers) {
      return new ClientStreamTracer() {
        @Override
        public void streamCreated(Attributes transportAttributes, Metadata sent) {
          connected = true;
        }
      };
    }
  }
}
