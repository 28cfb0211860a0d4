package io.varve.node.api;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.varve.node.wire.Errors;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Refuses bytes that are no message of a method's type with INVALID_ARGUMENT. By itself, gRPC would
 * answer UNKNOWN, which for an append means that it may have landed, and log every one at length.
 */
final class WellFormed {

  private WellFormed() {}

  /** The same service, which never sees a malformed message. */
  static ServerServiceDefinition of(ServerServiceDefinition service) {
    List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(service.getServiceDescriptor().getName())
            .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
    for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
      ServerMethodDefinition<?, ?> lenient = of(method);
      methods.add(lenient);
      descriptor.addMethod(lenient.getMethodDescriptor());
    }
    ServerServiceDefinition.Builder definition =
        ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(definition::addMethod);
    return definition.build();
  }

  private static <Q, A> ServerMethodDefinition<Q, A> of(ServerMethodDefinition<Q, A> method) {
    MethodDescriptor<Q, A> strict = method.getMethodDescriptor();
    Lenient<Q> requests =
        new Lenient<>((MethodDescriptor.PrototypeMarshaller<Q>) strict.getRequestMarshaller());
    return ServerMethodDefinition.create(
        strict.toBuilder(requests, strict.getResponseMarshaller()).build(),
        (call, headers) -> {
          GuardedCall<Q, A> guarded = new GuardedCall<>(call);
          ServerCall.Listener<Q> listener =
              method.getServerCallHandler().startCall(guarded, headers);
          return new Guard<>(listener, guarded, requests.malformed);
        });
  }

  /** Parses what cannot be parsed to one message that is told from all others by its identity. */
  private static final class Lenient<Q> implements MethodDescriptor.PrototypeMarshaller<Q> {
    private final MethodDescriptor.PrototypeMarshaller<Q> strict;
    private final Q malformed;

    @SuppressWarnings("unchecked") // a builder builds what its message was
    Lenient(MethodDescriptor.PrototypeMarshaller<Q> strict) {
      this.strict = strict;
      MessageLite prototype = (MessageLite) strict.getMessagePrototype();
      this.malformed = (Q) prototype.newBuilderForType().build();
    }

    @Override
    public InputStream stream(Q value) {
      return strict.stream(value);
    }

    @Override
    public Q parse(InputStream stream) {
      try {
        return strict.parse(stream);
      } catch (StatusRuntimeException e) {
        if (e.getCause() instanceof InvalidProtocolBufferException) {
          return malformed;
        }
        throw e;
      }
    }

    @Override
    public Q getMessagePrototype() {
      return strict.getMessagePrototype();
    }

    @Override
    public Class<Q> getMessageClass() {
      return strict.getMessageClass();
    }
  }

  /** A call that looks cancelled, to whoever serves it, once it was refused. Thread-safe. */
  private static final class GuardedCall<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private volatile boolean refused;
    private boolean closed;

    GuardedCall(ServerCall<Q, A> call) {
      super(call);
    }

    synchronized void refuse() {
      if (!closed) {
        closed = true;
        refused = true;
        StatusRuntimeException status =
            Statuses.of(Errors.invalid("", "the bytes sent are no message of this method's type"));
        Metadata trailers = status.getTrailers();
        super.close(status.getStatus(), trailers == null ? new Metadata() : trailers);
      }
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
      if (!refused) {
        super.sendHeaders(headers);
      }
    }

    @Override
    public synchronized void sendMessage(A message) {
      if (!refused) {
        super.sendMessage(message);
      }
    }

    @Override
    public synchronized void close(Status status, Metadata trailers) {
      if (!refused) {
        closed = true;
        super.close(status, trailers);
      }
    }

    @Override
    public boolean isCancelled() {
      return refused || super.isCancelled();
    }
  }

  /** Ends a call at its first malformed message, as if its caller had gone away. */
  private static final class Guard<Q> extends SimpleForwardingServerCallListener<Q> {
    private final GuardedCall<Q, ?> call;
    private final Q malformed;
    private boolean over;

    Guard(ServerCall.Listener<Q> listener, GuardedCall<Q, ?> call, Q malformed) {
      super(listener);
      this.call = call;
      this.malformed = malformed;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // that is the point of the malformed one
    public void onMessage(Q message) {
      if (over) {
        return;
      }
      if (message == malformed) {
        over = true;
        call.refuse();
        super.onCancel();
      } else {
        super.onMessage(message);
      }
    }

    @Override
    public void onHalfClose() {
      if (!over) {
        super.onHalfClose();
      }
    }

    @Override
    public void onReady() {
      if (!over) {
        super.onReady();
      }
    }

    @Override
    public void onCancel() {
      if (!over) {
        over = true;
        super.onCancel();
      }
    }

    @Override
    public void onComplete() {
      if (!over) {
        over = true;
        super.onComplete();
      }
    }
  }
}
