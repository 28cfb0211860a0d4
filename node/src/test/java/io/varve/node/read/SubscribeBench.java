package io.varve.node.read;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.varve.node.LocalNode;
import io.varve.node.cluster.TestCluster;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.proto.v1.SubscribeResponse;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LogReader.Direction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many events a second one subscriber catches up with, over loopback, node and subscriber in
 * one process: {@code events, rounds}. Not a test; what it prints depends on the machine.
 */
public final class SubscribeBench {

  private SubscribeBench() {}

  public static void main(String[] args) throws Exception {
    int events = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
    Path directory = Files.createTempDirectory("varve-bench");
    try (LocalNode node = new LocalNode(directory)) {
      fill(node, events);
      for (int round = 0; round < rounds; round++) {
        scan(node, events);
        subscribe(node, events);
      }
    }
  }

  private static void fill(LocalNode node, int events) {
    ByteString data = ByteString.copyFrom(new byte[128]);
    for (int i = 0; i < events; ) {
      Append.Builder append = Append.newBuilder();
      for (int j = 0; j < 1_000; j++, i++) {
        append.addEvents(
            NewEvent.newBuilder()
                .setSource("source-" + i % 10_000)
                .setType("Happened")
                .setSourceType("Thing")
                .addTags("tag:" + i % 100)
                .setData(data));
      }
      node.raft.replicate(TestCluster.command(append.build())).join();
    }
  }

  /** What the store alone gives. */
  private static void scan(LocalNode node, int events) {
    long started = System.nanoTime();
    long bytes = 0;
    try (EventCursor cursor = node.raft.reader().log(1, Direction.FORWARD)) {
      for (var next = cursor.next(); next.isPresent(); next = cursor.next()) {
        bytes += next.get().data().size();
      }
    }
    print("scan", events, bytes, started);
  }

  private static void subscribe(LocalNode node, int events) throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forTarget(node.address())
            .usePlaintext()
            .directExecutor()
            .flowControlWindow(2 << 20)
            .build();
    CountDownLatch caughtUp = new CountDownLatch(1);
    LongAdder bytes = new LongAdder();
    long started = System.nanoTime();
    ClientCall<SubscribeRequest, SubscribeResponse> call =
        channel.newCall(LogServiceGrpc.getSubscribeMethod(), CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(SubscribeResponse message) {
            if (message.hasCaughtUp()) {
              caughtUp.countDown();
            }
            message.getBatch().getEventsList().forEach(e -> bytes.add(e.getData().size()));
            call.request(1);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {}
        },
        new Metadata());
    call.request(3);
    call.sendMessage(SubscribeRequest.getDefaultInstance());
    call.halfClose();
    if (!caughtUp.await(5, TimeUnit.MINUTES)) {
      throw new AssertionError("it does not catch up");
    }
    print("subscribe", events, bytes.sum(), started);
    channel.shutdownNow();
  }

  private static void print(String what, int events, long bytes, long started) {
    double seconds = (System.nanoTime() - started) / 1e9;
    System.out.printf("%s: %,.0f events/s, %,d bytes%n", what, events / seconds, bytes);
  }
}
