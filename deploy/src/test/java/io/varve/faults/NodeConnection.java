package io.varve.faults;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.ClusterServiceGrpc;
import io.varve.proto.v1.DescribeRequest;
import io.varve.proto.v1.DescribeResponse;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.GetAppendRequest;
import io.varve.proto.v1.GetAppendResponse;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetSourceRequest;
import io.varve.proto.v1.GetSourceResponse;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.ReadResponse;
import io.varve.proto.v1.RecordedEvent;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * One loopback connection to one node, and nothing clever: no retry, no leader, no id of its own.
 * What a fault does to a call is seen as it is. Thread-safe.
 */
final class NodeConnection implements AppendTarget, AutoCloseable {
  private static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

  private final int port;
  private final ManagedChannel channel;

  NodeConnection(int port) {
    this.port = port;
    this.channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port)
            .usePlaintext()
            .disableRetry() // gRPC's own transparent retries would blur which sending was answered
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .build();
  }

  int port() {
    return port;
  }

  /** Sends one append once. */
  Attempt append(Append append, Duration limit) {
    try {
      return outcome(blocking(limit).append(AppendRequest.newBuilder().setAppend(append).build()));
    } catch (StatusRuntimeException e) {
      return failure(e);
    }
  }

  /** An append that is on its way. */
  interface Sent {
    /** Waits for what becomes of it. */
    Attempt outcome();

    /** Whether it is known what became of this sending. */
    boolean done();
  }

  @Override
  public Sent send(Append append, Duration limit) {
    ListenableFuture<AppendResponse> response =
        LogServiceGrpc.newFutureStub(channel)
            .withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS)
            .append(AppendRequest.newBuilder().setAppend(append).build());
    return new Sent() {
      @Override
      public Attempt outcome() {
        try {
          return NodeConnection.outcome(response.get());
        } catch (ExecutionException e) {
          return failure(e.getCause());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return new Attempt.Unknown("interrupted");
        }
      }

      @Override
      public boolean done() {
        return response.isDone();
      }
    };
  }

  /** Sends many appends once, pipelined on one stream, without waiting. */
  List<Sent> stream(List<Append> appends, Duration limit) {
    AppendStreamCall call = new AppendStreamCall(appends.size());
    StreamObserver<AppendStreamRequest> requests =
        LogServiceGrpc.newStub(channel)
            .withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS)
            .appendStream(call);
    for (Append append : appends) {
      requests.onNext(
          AppendStreamRequest.newBuilder()
              .setAppend(append)
              .setTimeoutMillis((int) limit.toMillis())
              .build());
    }
    requests.onCompleted();
    return call.sent;
  }

  /** Gives each answer on a stream to the append it belongs to: the next one. */
  private static final class AppendStreamCall implements StreamObserver<AppendStreamResponse> {
    private final List<Sent> sent = new ArrayList<>();
    private final Queue<CompletableFuture<Attempt>> waiting = new ConcurrentLinkedQueue<>();

    private AppendStreamCall(int count) {
      for (int i = 0; i < count; i++) {
        CompletableFuture<Attempt> attempt = new CompletableFuture<>();
        waiting.add(attempt);
        sent.add(
            new Sent() {
              @Override
              public Attempt outcome() {
                return attempt.join();
              }

              @Override
              public boolean done() {
                return attempt.isDone();
              }
            });
      }
    }

    @Override
    public void onNext(AppendStreamResponse response) {
      CompletableFuture<Attempt> next = waiting.poll();
      if (next == null) {
        throw new AssertionError("more answers than appends");
      }
      next.complete(
          switch (response.getOutcomeCase()) {
            case APPENDED -> new Attempt.Landed(response.getAppended());
            case CONFLICT -> new Attempt.Conflicted(response.getConflict());
            case ERROR -> sort(response.getError());
            case OUTCOME_NOT_SET -> throw new AssertionError("an answer without an outcome");
          });
    }

    @Override
    public void onError(Throwable failure) {
      end(String.valueOf(failure.getMessage()));
    }

    @Override
    public void onCompleted() {
      end("the stream ended before this one's answer");
    }

    private void end(String why) {
      for (CompletableFuture<Attempt> left = waiting.poll(); left != null; left = waiting.poll()) {
        left.complete(new Attempt.Unknown(why));
      }
    }
  }

  /** The truth about an append, asked by its id. Throws what gRPC throws. */
  GetAppendResponse getAppend(AppendId id, Duration limit) {
    return blocking(limit).getAppend(GetAppendRequest.newBuilder().setAppendId(id).build());
  }

  /** A source's version, linearizable. Throws what gRPC throws. */
  GetSourceResponse source(String source, Duration limit) {
    return blocking(limit).getSource(GetSourceRequest.newBuilder().setSource(source).build());
  }

  /** The head, linearizable. Throws what gRPC throws. */
  long head(Duration limit) {
    return blocking(limit).getHead(GetHeadRequest.getDefaultInstance()).getHead();
  }

  /** The head, or empty when the node cannot tell it now. */
  Optional<Long> tryHead(Duration limit) {
    try {
      return Optional.of(head(limit));
    } catch (StatusRuntimeException e) {
      return Optional.empty();
    }
  }

  /** The whole log, linearizable. Throws what gRPC throws. */
  List<RecordedEvent> log(Duration limit) {
    return read(ReadRequest.getDefaultInstance(), limit);
  }

  /** What a read answers, all of it. Throws what gRPC throws. */
  List<RecordedEvent> read(ReadRequest request, Duration limit) {
    List<RecordedEvent> events = new ArrayList<>();
    Iterator<ReadResponse> responses = blocking(limit).read(request);
    while (responses.hasNext()) {
      events.addAll(responses.next().getEventsList());
    }
    return events;
  }

  /** How the node sees its cluster, or empty when it does not answer. */
  Optional<DescribeResponse> describe(Duration limit) {
    try {
      return Optional.of(
          ClusterServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS)
              .describe(DescribeRequest.getDefaultInstance()));
    } catch (StatusRuntimeException e) {
      reconnectSoon();
      return Optional.empty();
    }
  }

  /** Whether the node's health service says that it serves. */
  boolean serving(Duration limit) {
    try {
      return HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS)
              .check(HealthCheckRequest.getDefaultInstance())
              .getStatus()
          == ServingStatus.SERVING;
    } catch (StatusRuntimeException e) {
      reconnectSoon();
      return false;
    }
  }

  /** Forgets the growing pause between attempts to connect: the node may be back already. */
  void reconnectSoon() {
    channel.resetConnectBackoff();
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  private LogServiceGrpc.LogServiceBlockingStub blocking(Duration limit) {
    return LogServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  private static Attempt outcome(AppendResponse response) {
    return switch (response.getOutcomeCase()) {
      case APPENDED -> new Attempt.Landed(response.getAppended());
      case CONFLICT -> new Attempt.Conflicted(response.getConflict());
      case OUTCOME_NOT_SET -> throw new AssertionError("an answer without an outcome");
    };
  }

  /**
   * Sorts failures: only what the node itself calls certain counts as certain. Every failure of the
   * connection, and the caller's own deadline, leave the outcome unknown.
   */
  private Attempt failure(Throwable failure) {
    reconnectSoon();
    Optional<Error> error = detail(failure);
    if (error.isEmpty()) {
      return new Attempt.Unknown(String.valueOf(failure.getMessage()));
    }
    return sort(error.get());
  }

  private static Attempt sort(Error error) {
    return switch (error.getCode()) {
      case ERROR_CODE_OUTCOME_UNKNOWN, ERROR_CODE_INTERNAL, ERROR_CODE_UNSPECIFIED, UNRECOGNIZED ->
          new Attempt.Unknown(error.getMessage());
      default -> new Attempt.NotAppended(error);
    };
  }

  /** The {@code varve.v1.Error} that a node put into a gRPC status, if there is one. */
  static Optional<Error> detail(Throwable failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    if (status == null) {
      return Optional.empty();
    }
    for (Any any : status.getDetailsList()) {
      if (any.is(Error.class)) {
        try {
          return Optional.of(any.unpack(Error.class));
        } catch (InvalidProtocolBufferException e) {
          throw new AssertionError(e);
        }
      }
    }
    return Optional.empty();
  }

  /** 16 bytes of a UUID, most significant first. */
  static ByteString bytes(UUID id) {
    return ByteString.copyFrom(
        ByteBuffer.allocate(16)
            .putLong(id.getMostSignificantBits())
            .putLong(id.getLeastSignificantBits())
            .array());
  }
}
