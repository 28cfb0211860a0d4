package io.varve.client.internal;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.varve.client.VarveException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One attempt at a call with one answer. */
final class UnaryCall {

  /** Called once, on a network thread. */
  interface Callback<R> {
    /** It was answered by a node that named this leader, if any. */
    void answered(R response, Optional<Address> leader);

    /** It was not, though a node may have named a leader. */
    void failed(Failure failure, Optional<Address> leader);
  }

  private UnaryCall() {}

  static <Q, R> void start(
      Nodes nodes,
      Address address,
      MethodDescriptor<Q, R> method,
      Q request,
      long timeoutNanos,
      Callback<R> callback) {
    ManagedChannel channel;
    try {
      channel = nodes.control(address);
    } catch (VarveException closed) {
      callback.failed(new Failure(closed, false, false, Duration.ZERO), Optional.empty());
      return;
    }
    ClientCall<Q, R> call =
        channel.newCall(
            method, CallOptions.DEFAULT.withDeadlineAfter(timeoutNanos, TimeUnit.NANOSECONDS));
    call.start(new Listener<>(nodes, address, channel, callback), new Metadata());
    // Two, so that the end of the call is seen with the answer.
    call.request(2);
    call.sendMessage(request);
    call.halfClose();
  }

  private static final class Listener<R> extends ClientCall.Listener<R> {
    private final Nodes nodes;
    private final Address address;
    private final ManagedChannel channel;
    private final Callback<R> callback;
    private Optional<Address> leader = Optional.empty();
    private @Nullable R response;

    Listener(Nodes nodes, Address address, ManagedChannel channel, Callback<R> callback) {
      this.nodes = nodes;
      this.address = address;
      this.channel = channel;
      this.callback = callback;
    }

    @Override
    public void onHeaders(Metadata headers) {
      leader = nodes.learn(headers);
    }

    @Override
    public void onMessage(R message) {
      response = message;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      Optional<Address> named = nodes.learn(trailers);
      if (named.isPresent()) {
        leader = named;
      }
      R answer = response;
      if (status.isOk() && answer != null) {
        nodes.answered(address);
        callback.answered(answer, leader);
        return;
      }
      Failure failure = Failure.of(status, trailers);
      if (!failure.fromServer()) {
        nodes.discardControl(address, channel);
      }
      callback.failed(failure, leader);
    }
  }
}
