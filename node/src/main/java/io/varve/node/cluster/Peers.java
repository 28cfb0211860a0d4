package io.varve.node.cluster;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import com.google.protobuf.ByteString;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.varve.proto.peer.v1.FoundRequest;
import io.varve.proto.peer.v1.JoinRequest;
import io.varve.proto.peer.v1.JoinResponse;
import io.varve.proto.peer.v1.PeerServiceGrpc;
import io.varve.proto.peer.v1.PeerServiceGrpc.PeerServiceFutureStub;
import io.varve.proto.peer.v1.ProbeRequest;
import io.varve.proto.peer.v1.ProbeResponse;
import io.varve.proto.peer.v1.PromoteRequest;
import io.varve.proto.peer.v1.ReadIndexRequest;
import io.varve.proto.peer.v1.ReadIndexResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Connections to the other members' peer service. Thread-safe. */
final class Peers implements AutoCloseable {

  private final ClusterConfig config;
  private final Map<String, ManagedChannel> channels = new LinkedHashMap<>();

  Peers(ClusterConfig config) {
    this.config = config;
    for (MemberConfig member : config.others()) {
      channels.put(
          member.id(),
          Grpc.newChannelBuilder(member.clientAddress(), InsecureChannelCredentials.create())
              .build());
    }
  }

  private PeerServiceFutureStub stub(String id, Duration deadline) {
    ManagedChannel channel = channels.get(id);
    if (channel == null) {
      throw new IllegalArgumentException("not a configured member: " + id);
    }
    // Whether it answers matters now, not when gRPC's back-off, of up to two minutes, is over.
    channel.resetConnectBackoff();
    return PeerServiceGrpc.newFutureStub(channel)
        .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Asks all others at once; the answers of those that answer in time. */
  Map<String, ProbeResponse> probe(Duration deadline) {
    Map<String, Future<ProbeResponse>> asked = new LinkedHashMap<>();
    ProbeRequest request = ProbeRequest.newBuilder().setFrom(config.nodeId()).build();
    for (String id : channels.keySet()) {
      asked.put(id, stub(id, deadline).probe(request));
    }
    Map<String, ProbeResponse> answers = new LinkedHashMap<>();
    asked.forEach(
        (id, future) -> {
          try {
            ProbeResponse answer = await(future, deadline);
            if (answer.getNodeId().equals(id)) {
              answers.put(id, answer);
            }
          } catch (PeerException e) {
            // Not reachable: that it is missing from the answers says so.
          }
        });
    return answers;
  }

  void found(String id, FoundRequest request, Duration deadline) throws PeerException {
    await(stub(id, deadline).found(request), deadline);
  }

  JoinResponse join(String id, JoinRequest request, Duration deadline) throws PeerException {
    return await(stub(id, deadline).join(request), deadline);
  }

  void promote(String id, PromoteRequest request, Duration deadline) throws PeerException {
    await(stub(id, deadline).promote(request), deadline);
  }

  /** Asks the node taken for the leader for a read index. */
  CompletableFuture<Long> readIndex(String id, ByteString clusterId, Duration deadline) {
    CompletableFuture<Long> index = new CompletableFuture<>();
    ListenableFuture<ReadIndexResponse> asked =
        stub(id, deadline).readIndex(ReadIndexRequest.newBuilder().setClusterId(clusterId).build());
    Futures.addCallback(
        asked,
        new FutureCallback<>() {
          @Override
          public void onSuccess(ReadIndexResponse response) {
            index.complete(response.getReadIndex());
          }

          @Override
          public void onFailure(Throwable e) {
            index.completeExceptionally(e);
          }
        },
        MoreExecutors.directExecutor());
    return index;
  }

  private static <T> T await(Future<T> future, Duration deadline) throws PeerException {
    try {
      // The call has its own deadline; this one is for what it may fail to see.
      return future.get(deadline.toMillis() + 500, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PeerException(e);
    } catch (ExecutionException e) {
      throw new PeerException(e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException e) {
      throw new PeerException(e);
    }
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
    try {
      for (ManagedChannel channel : channels.values()) {
        channel.awaitTermination(5, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A peer did not answer, or refused. */
  static final class PeerException extends Exception {
    private static final long serialVersionUID = 1L;

    PeerException(Throwable cause) {
      super(cause.toString(), cause);
    }
  }
}
