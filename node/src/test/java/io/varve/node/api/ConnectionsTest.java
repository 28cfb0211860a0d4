package io.varve.node.api;

import static io.varve.node.Requests.append;
import static io.varve.node.Requests.error;
import static io.varve.node.Requests.errorOf;
import static io.varve.node.Requests.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.varve.node.LocalNode;
import io.varve.node.metrics.ExpositionCheck;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.SubscribeRequest;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of connections, and that their calls are counted. */
@Timeout(60)
class ConnectionsTest {

  private static final byte PING = 6;
  private static final byte SETTINGS = 4;
  private static final byte GOAWAY = 7;
  private static final int ENHANCE_YOUR_CALM = 0xb;

  @TempDir private Path directory;
  private Optional<LocalNode> node = Optional.empty();

  private LocalNode start(UnaryOperator<ConnectionOptions> change) {
    LocalNode started =
        new LocalNode(
            directory.resolve("n1"),
            bounds ->
                new LocalNode.Bounds(
                    bounds.pipeline(),
                    bounds.routing(),
                    bounds.reads(),
                    bounds.api().withConnections(change.apply(ConnectionOptions.defaults())),
                    bounds.limits(),
                    bounds.dedupWindow()));
    node = Optional.of(started);
    return started;
  }

  @AfterEach
  void stop() {
    node.ifPresent(LocalNode::close);
  }

  private static LogServiceGrpc.LogServiceBlockingStub stub(ManagedChannel channel) {
    return LogServiceGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  private static double metric(LocalNode node, String sample) {
    return ExpositionCheck.of(node.metrics.text()).value(sample);
  }

  private static void await(LocalNode node, String sample, double value) throws Exception {
    while (!node.metrics.text().contains(sample) || metric(node, sample) != value) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  @Test
  void callsOverConnectionsPastTheBoundAreRefusedUntilOthersGo() throws Exception {
    LocalNode node = start(connections -> connections.withMaxConnections(1));
    ManagedChannel first = LocalNode.connect(node.address());
    ManagedChannel second = LocalNode.connect(node.address());
    ManagedChannel third = LocalNode.connect(node.address());
    try {
      stub(first).getHead(GetHeadRequest.getDefaultInstance());

      StatusRuntimeException refused =
          catchThrowableOfType(
              StatusRuntimeException.class,
              () -> stub(second).getHead(GetHeadRequest.getDefaultInstance()));
      assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      assertThat(error(refused).getCode()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
      assertThat(error(refused).getMessage()).isEqualTo("this node serves at most 1 connections");
      stub(first).getHead(GetHeadRequest.getDefaultInstance());

      first.shutdownNow();
      second.shutdownNow();
      await(node, "varve_grpc_connections_open", 0);
      stub(third).getHead(GetHeadRequest.getDefaultInstance());
    } finally {
      first.shutdownNow();
      second.shutdownNow();
      third.shutdownNow();
    }
  }

  @Test
  void aConnectionThatNobodyUsesIsClosedAndOneWithACallIsNot() throws Exception {
    LocalNode node = start(connections -> connections.withConnectionIdle(Duration.ofSeconds(4)));
    ManagedChannel busy = LocalNode.connect(node.address());
    try {
      var subscription = stub(busy).subscribe(SubscribeRequest.getDefaultInstance());
      assertThat(subscription.next().hasCaughtUp()).isTrue();
      node.stub().append(request(append("a", "T")));
      assertThat(metric(node, "varve_grpc_connections_open")).isEqualTo(2);

      await(node, "varve_grpc_connections_open", 1);

      node.stub().append(request(append("a", "T")));
      assertThat(subscription.next().getBatch().getEventsCount()).isPositive();
    } finally {
      busy.shutdownNow();
    }
  }

  @Test
  void aClientThatPingsTooOftenIsSentAway() throws Exception {
    LocalNode node = start(UnaryOperator.identity());
    try (Socket socket = connect(node)) {
      OutputStream out = socket.getOutputStream();
      greet(out);
      try {
        for (int i = 0; i < 10; i++) {
          out.write(frame(PING, new byte[8]));
        }
      } catch (SocketException e) {
        // Sent away already.
      }
      assertThat(untilGoaway(socket)).contains(ENHANCE_YOUR_CALM);
    }
  }

  @Test
  void aClientThatDoesNotAnswerIsGivenUp() throws Exception {
    LocalNode node =
        start(
            connections ->
                connections.withKeepAlive(Duration.ofMillis(200), Duration.ofMillis(200)));
    try (Socket socket = connect(node)) {
      greet(socket.getOutputStream());
      // Reads all there is and answers nothing.
      Optional<Integer> unused = untilGoaway(socket);
      await(node, "varve_grpc_connections_open", 0);
    }
  }

  @Test
  void callsAreCountedByMethodAndCode() throws Exception {
    LocalNode node = start(UnaryOperator.identity());
    node.stub().append(request(append("a", "T")));
    assertThat(errorOf(() -> node.stub().append(AppendRequest.getDefaultInstance())).getCode())
        .isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
    String append = "service=\"varve.v1.LogService\",method=\"Append\"";
    await(node, "varve_grpc_calls_total{" + append + ",code=\"OK\"}", 1);
    await(node, "varve_grpc_calls_total{" + append + ",code=\"INVALID_ARGUMENT\"}", 1);
    assertThat(metric(node, "varve_grpc_messages_received_total{" + append + "}")).isEqualTo(2);
    assertThat(metric(node, "varve_grpc_messages_sent_total{" + append + "}")).isEqualTo(1);
    assertThat(metric(node, "varve_grpc_call_seconds_count{" + append + "}")).isEqualTo(2);

    String subscribe = "service=\"varve.v1.LogService\",method=\"Subscribe\"";
    Context.CancellableContext context = Context.current().withCancellation();
    context.run(
        () ->
            assertThat(
                    stub(node.channel())
                        .subscribe(SubscribeRequest.getDefaultInstance())
                        .next()
                        .hasBatch())
                .isTrue());
    assertThat(metric(node, "varve_grpc_calls_open{" + subscribe + "}")).isEqualTo(1);
    context.cancel(null);
    await(node, "varve_grpc_calls_total{" + subscribe + ",code=\"CANCELLED\"}", 1);
    assertThat(metric(node, "varve_grpc_calls_open{" + subscribe + "}")).isZero();
  }

  private static Socket connect(LocalNode node) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.server.port());
    socket.setSoTimeout(30_000);
    return socket;
  }

  private static void greet(OutputStream out) throws IOException {
    out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    out.write(frame(SETTINGS, new byte[0]));
  }

  private static byte[] frame(byte type, byte[] payload) {
    byte[] frame = new byte[9 + payload.length];
    frame[2] = (byte) payload.length;
    frame[3] = type;
    System.arraycopy(payload, 0, frame, 9, payload.length);
    return frame;
  }

  /** The error code of the GOAWAY that ends a connection; empty if it ends without one. */
  private static Optional<Integer> untilGoaway(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    try {
      while (true) {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        byte type = in.readByte();
        in.readByte();
        in.readInt();
        byte[] payload = in.readNBytes(length);
        if (type == GOAWAY) {
          return Optional.of(ByteBuffer.wrap(payload).getInt(4));
        }
      }
    } catch (EOFException | SocketException e) {
      return Optional.empty();
    }
  }
}
