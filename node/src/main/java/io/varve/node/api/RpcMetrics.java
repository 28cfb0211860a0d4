package io.varve.node.api;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Histogram;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.varve.node.metrics.MetricType;
import io.varve.node.metrics.Metrics;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Counts calls by method and status code, and the messages they carry. It sees only methods the
 * server has, so what a caller makes up is no label. Thread-safe.
 */
final class RpcMetrics implements ServerInterceptor {

  private static final String CALLS = "varve_grpc_calls_total";
  private static final String CALLS_HELP = "Calls that have ended, by method and status code.";
  private static final String OPEN = "varve_grpc_calls_open";
  private static final String OPEN_HELP = "Calls under way, streams included.";
  private static final String SECONDS = "varve_grpc_call_seconds";
  private static final String SECONDS_HELP =
      "How long calls took that take one message and answer with one.";
  private static final String RECEIVED = "varve_grpc_messages_received_total";
  private static final String RECEIVED_HELP = "Messages received, by method.";
  private static final String SENT = "varve_grpc_messages_sent_total";
  private static final String SENT_HELP = "Messages sent, by method.";

  private final Metrics metrics;
  private final Map<String, MethodMetrics> methods = new ConcurrentHashMap<>();

  RpcMetrics(Metrics metrics) {
    this.metrics = metrics;
    metrics.declare(CALLS, MetricType.COUNTER, CALLS_HELP);
    metrics.declare(OPEN, MetricType.GAUGE, OPEN_HELP);
    metrics.declareDurations(SECONDS, SECONDS_HELP);
    metrics.declare(RECEIVED, MetricType.COUNTER, RECEIVED_HELP);
    metrics.declare(SENT, MetricType.COUNTER, SENT_HELP);
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    MethodMetrics method =
        methods.computeIfAbsent(
            call.getMethodDescriptor().getFullMethodName(),
            name -> new MethodMetrics(call.getMethodDescriptor()));
    Counted counted = new Counted(method);
    ServerCall.Listener<Q> listener =
        next.startCall(
            new SimpleForwardingServerCall<>(call) {
              @Override
              public void sendMessage(A message) {
                method.sent.inc();
                super.sendMessage(message);
              }

              @Override
              public void close(Status status, Metadata trailers) {
                counted.ended(status.getCode());
                super.close(status, trailers);
              }
            },
            headers);
    return new SimpleForwardingServerCallListener<>(listener) {
      @Override
      public void onMessage(Q message) {
        method.received.inc();
        super.onMessage(message);
      }

      @Override
      public void onCancel() {
        counted.ended(Status.Code.CANCELLED);
        super.onCancel();
      }

      @Override
      public void onComplete() {
        // Where the transport ended the call itself, nobody has closed it.
        counted.ended(Status.Code.UNKNOWN);
        super.onComplete();
      }
    };
  }

  /** One call, which ends once. */
  private static final class Counted {
    private final MethodMetrics method;
    private final long beganNanos = System.nanoTime();
    private final AtomicBoolean ended = new AtomicBoolean();

    Counted(MethodMetrics method) {
      this.method = method;
      method.open.increment();
    }

    void ended(Status.Code code) {
      if (ended.compareAndSet(false, true)) {
        method.open.decrement();
        method.ended(code, System.nanoTime() - beganNanos);
      }
    }
  }

  /** One method. */
  private final class MethodMetrics {
    private final String service;
    private final String method;
    private final LongAdder open = new LongAdder();
    private final Counter received;
    private final Counter sent;
    private final Optional<Histogram> time;

    /** By status code, once there was one. */
    private final AtomicReferenceArray<@Nullable Counter> ended =
        new AtomicReferenceArray<>(Status.Code.values().length);

    MethodMetrics(MethodDescriptor<?, ?> descriptor) {
      service = String.valueOf(descriptor.getServiceName());
      method = String.valueOf(descriptor.getBareMethodName());
      metrics.gauge(OPEN, OPEN_HELP, open::sum, "service", service, "method", method);
      received = metrics.counter(RECEIVED, RECEIVED_HELP, "service", service, "method", method);
      sent = metrics.counter(SENT, SENT_HELP, "service", service, "method", method);
      time =
          descriptor.getType() == MethodType.UNARY
              ? Optional.of(
                  metrics.durations(SECONDS, SECONDS_HELP, "service", service, "method", method))
              : Optional.empty();
    }

    void ended(Status.Code code, long nanos) {
      Counter calls = ended.get(code.value());
      if (calls == null) {
        calls =
            metrics.counter(
                CALLS, CALLS_HELP, "service", service, "method", method, "code", code.name());
        ended.set(code.value(), calls);
      }
      calls.inc();
      time.ifPresent(histogram -> histogram.update(nanos));
    }
  }
}
