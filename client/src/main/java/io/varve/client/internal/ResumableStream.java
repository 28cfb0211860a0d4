package io.varve.client.internal;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.netty.channel.EventLoop;
import io.varve.client.ClientClosedException;
import io.varve.client.OutOfRangeException;
import io.varve.client.OverloadedException;
import io.varve.client.RetryPolicy;
import io.varve.client.VarveException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A call answered by a stream of responses that goes on with another node when one is lost.
 *
 * <p>Flow control is by hand: at most {@link #BUFFERED} responses are fetched ahead of the
 * consumer, who calls {@link #consumed} for each; the rest waits at the node. Subclasses keep the
 * place to resume from. Thread-safe: subclass methods are called under this object's lock, one at a
 * time, except those that say otherwise.
 */
abstract class ResumableStream<Q, R> {

  private static final Logger LOG = LoggerFactory.getLogger(ResumableStream.class);

  /** Responses fetched ahead of the consumer. Two keep the line busy while one is consumed. */
  static final int BUFFERED = 3;

  private static final int LOUD_FAILURES = 10;

  private final Nodes nodes;
  private final LogState log;
  private final EventLoop loop;
  private final RetryPolicy policy;
  private final MethodDescriptor<Q, R> method;

  // Guarded by this.
  private final Backoff backoff;
  private @Nullable Attempt attempt;
  private int buffered;
  private boolean over;

  ResumableStream(
      Nodes nodes,
      LogState log,
      EventLoop loop,
      RetryPolicy policy,
      MethodDescriptor<Q, R> method) {
    this.nodes = nodes;
    this.log = log;
    this.loop = loop;
    this.policy = policy;
    this.method = method;
    this.backoff = new Backoff(policy);
  }

  // ---- for subclasses to say ----

  /** The request for what has not been received yet. */
  abstract Q request();

  /**
   * Takes a response in and moves the place to resume from behind it.
   *
   * @return whether it was handed to the consumer, who will say {@link #consumed}
   * @throws VarveException if the stream must end with it
   */
  abstract boolean accept(R response);

  /** The position the next request starts behind; 0 = none. */
  abstract long resumePosition();

  /** Whether there is nothing left to ask for. */
  abstract boolean complete();

  /** Whether a node that ends the stream in good order is only going away. */
  abstract boolean endless();

  /** Everything has been received. */
  abstract void ended();

  /** It cannot go on. */
  abstract void failed(Throwable error);

  // ---- for the consumer ----

  /** Begins; must be called once. */
  final void start() {
    synchronized (this) {
      open();
    }
  }

  /** A response that was handed over has been consumed: one more may come. */
  final synchronized void consumed() {
    buffered--;
    if (attempt != null) {
      attempt.call.request(1);
    }
  }

  /** Ends it from this side; neither {@link #ended} nor {@link #failed} is called any more. */
  final void cancel() {
    synchronized (this) {
      over = true;
      drop("cancelled", false);
    }
  }

  /** The node in use is silent: go on with another. */
  final synchronized void restart(String why) {
    if (attempt != null && !over) {
      Address silent = attempt.address;
      drop(why, true);
      nodes.failed(silent);
      retry(Failure.local(silent + " is silent"));
    }
  }

  /** Whether the node owes the next response: there is one, and the consumer waits for it. */
  final synchronized boolean isWaitingForNode() {
    return !over && attempt != null && buffered == 0;
  }

  /** Whether it is over, one way or the other. */
  final synchronized boolean isOver() {
    return over;
  }

  // ---- attempts ----

  private void open() {
    if (over) {
      return;
    }
    if (complete()) {
      finish();
      return;
    }
    Address address = nodes.any();
    try {
      Attempt opened = new Attempt(address, nodes.lease(address));
      attempt = opened;
      opened.call.start(opened, new Metadata());
      if (buffered < BUFFERED) {
        opened.call.request(BUFFERED - buffered);
      }
      opened.call.sendMessage(request());
      opened.call.halfClose();
    } catch (VarveException refused) {
      fail(refused);
    }
  }

  private void drop(String why, boolean broken) {
    Attempt dropped = attempt;
    if (dropped != null) {
      attempt = null;
      dropped.broken = broken;
      dropped.call.cancel(why, null);
    }
  }

  private void fail(Throwable error) {
    if (!over) {
      over = true;
      drop("failed", false);
      failed(error);
    }
  }

  private void retry(Failure failure) {
    if (backoff.failures() + 1 >= policy.maxAttempts()) {
      fail(failure.exception());
      return;
    }
    long wait = backoff.nextNanos(failure.retryAfter().toNanos());
    if (!Transport.later(loop, this::start, wait)) {
      fail(new ClientClosedException("the client was closed"));
    }
  }

  private synchronized void received(Attempt from, R response) {
    if (attempt != from) {
      return;
    }
    backoff.reset();
    try {
      if (accept(response)) {
        buffered++;
      } else if (attempt == from) {
        from.call.request(1);
      }
    } catch (VarveException unacceptable) {
      fail(unacceptable);
    }
  }

  /** Everything wanted has been received, though the node may have more. */
  final synchronized void finish() {
    if (!over) {
      over = true;
      drop("complete", false);
      ended();
    }
  }

  private synchronized void closed(Attempt from, Status status, Metadata trailers) {
    if (attempt != from) {
      return;
    }
    attempt = null;
    if (status.isOk() && !endless()) {
      if (!over) {
        over = true;
        ended();
      }
      return;
    }
    Failure failure =
        status.isOk()
            ? Failure.local(from.address + " ended the stream")
            : Failure.of(status, trailers);
    boolean lagging =
        failure.exception() instanceof OutOfRangeException
            && resumePosition() > 0
            && resumePosition() <= log.knownHead();
    if (!failure.retriable() && !lagging) {
      fail(failure.exception());
      return;
    }
    // A node that has not yet applied what another one already showed us is not wrong, only late.
    if (!(failure.exception() instanceof OverloadedException)) {
      nodes.failed(from.address);
    }
    tell(from.address, failure);
    retry(failure);
  }

  /** A subscription goes on for ever, so only the log tells that it has trouble. */
  private void tell(Address address, Failure failure) {
    String why = failure.exception().getMessage();
    if (endless() && backoff.failures() == 0) {
      LOG.info("subscription lost {}, goes on with another node: {}", address, why);
    } else if (endless() && backoff.failures() == LOUD_FAILURES) {
      LOG.warn("subscription found no node {} times in a row: {}", LOUD_FAILURES, why);
    } else {
      LOG.debug("stream from {} lost: {}", address, why);
    }
  }

  private final class Attempt extends ClientCall.Listener<R> {
    final Address address;
    final ManagedChannel channel;
    final ClientCall<Q, R> call;
    volatile boolean broken;

    Attempt(Address address, ManagedChannel channel) {
      this.address = address;
      this.channel = channel;
      this.call = channel.newCall(method, CallOptions.DEFAULT);
    }

    @Override
    public void onHeaders(Metadata headers) {
      nodes.learn(headers);
    }

    @Override
    public void onMessage(R message) {
      received(this, message);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      nodes.learn(trailers);
      boolean lost =
          broken
              || !(status.isOk()
                  || status.getCode() == Status.Code.CANCELLED
                  || Failure.of(status, trailers).fromServer());
      nodes.release(address, channel, lost);
      if (!lost) {
        nodes.answered(address);
      }
      closed(this, status, trailers);
    }
  }
}
