package io.varve.node.api;

import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.varve.node.Requests;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.ClusterServiceGrpc;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.LogServiceGrpc;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Every method that callers of a node can use, called alike whatever its kind. */
final class Rpcs {

  private Rpcs() {}

  /** How a call went: an error, or the default one if it was accepted. */
  record Outcome(Status status, Error error) {}

  static List<MethodDescriptor<?, ?>> all() {
    List<MethodDescriptor<?, ?>> methods = new ArrayList<>();
    methods.addAll(LogServiceGrpc.getServiceDescriptor().getMethods());
    methods.addAll(ClusterServiceGrpc.getServiceDescriptor().getMethods());
    return methods;
  }

  /** An empty request of a method. */
  static Message request(MethodDescriptor<?, ?> method) {
    return (Message)
        ((MethodDescriptor.PrototypeMarshaller<?>) method.getRequestMarshaller())
            .getMessagePrototype();
  }

  /** Sends one request, and takes one answer. */
  @SuppressWarnings("unchecked")
  static CompletableFuture<Outcome> call(
      Channel channel, MethodDescriptor<?, ?> method, Message request, long deadlineMillis) {
    return start(channel, (MethodDescriptor<Message, Message>) method, request, deadlineMillis);
  }

  /** The same, with whatever type of request. */
  static <Q, A> CompletableFuture<Outcome> start(
      Channel channel, MethodDescriptor<Q, A> method, Q request, long deadlineMillis) {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    ClientCall<Q, A> call =
        channel.newCall(
            method, CallOptions.DEFAULT.withDeadlineAfter(deadlineMillis, TimeUnit.MILLISECONDS));
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(A answer) {
            Error error =
                answer instanceof AppendStreamResponse streamed && streamed.hasError()
                    ? streamed.getError()
                    : Error.getDefaultInstance();
            outcome.complete(new Outcome(Status.OK, error));
            call.cancel("answered", null);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            StatusException ended = new StatusException(status, trailers);
            boolean detailed =
                !status.isOk()
                    && io.grpc.protobuf.StatusProto.fromThrowable(ended).getDetailsCount() == 1;
            outcome.complete(
                new Outcome(status, detailed ? Requests.error(ended) : Error.getDefaultInstance()));
          }
        },
        new Metadata());
    call.sendMessage(request);
    call.halfClose();
    // Only now: an answer cancels the call, which must not be sent on after that.
    call.request(1);
    return outcome;
  }
}
