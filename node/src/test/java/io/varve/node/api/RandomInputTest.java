package io.varve.node.api;

import static io.varve.node.Requests.append;
import static io.varve.node.Requests.request;
import static io.varve.node.Requests.streamed;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.varve.node.LocalNode;
import io.varve.node.cluster.Conditions;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.GetSourceRequest;
import io.varve.proto.v1.LogServiceGrpc;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever comes in at any method: the node goes on serving, and nothing of it stays behind. */
@Timeout(120)
class RandomInputTest {

  private static final int CALLS_PER_METHOD = 200;
  private static final int AT_A_TIME = 40;

  /** Calls that wait for what never comes end with this. */
  private static final long DEADLINE_MILLIS = 300;

  /** Appends wait for nothing like that; one that is given up has an unknown outcome. */
  private static final long APPEND_DEADLINE_MILLIS = 30_000;

  @TempDir private Path directory;
  private LocalNode node;

  @BeforeEach
  void start() {
    node = new LocalNode(directory);
    node.stub().append(request(append("a", "T")));
  }

  @AfterEach
  void stop() {
    node.close();
  }

  /** Makes many calls, some at a time, and counts how they ended. */
  private static Map<Status.Code, Integer> many(IntFunction<CompletableFuture<Rpcs.Outcome>> call)
      throws Exception {
    Map<Status.Code, Integer> ends = new EnumMap<>(Status.Code.class);
    for (int i = 0; i < CALLS_PER_METHOD; i += AT_A_TIME) {
      List<CompletableFuture<Rpcs.Outcome>> calls = new ArrayList<>();
      for (int j = i; j < i + AT_A_TIME; j++) {
        calls.add(call.apply(j));
      }
      for (CompletableFuture<Rpcs.Outcome> made : calls) {
        Rpcs.Outcome outcome = made.get(30, TimeUnit.SECONDS);
        assertThat(outcome.error().getCode()).isNotEqualTo(ErrorCode.ERROR_CODE_INTERNAL);
        ends.merge(outcome.status().getCode(), 1, Integer::sum);
      }
    }
    return ends;
  }

  private static long deadlineMillis(MethodDescriptor<?, ?> method) {
    return method == LogServiceGrpc.getAppendMethod()
            || method == LogServiceGrpc.getAppendStreamMethod()
        ? APPEND_DEADLINE_MILLIS
        : DEADLINE_MILLIS;
  }

  private void assertNothingIsLeft() {
    Conditions.await("no streams", () -> node.reads.openStreams() == 0);
    Conditions.await("no calls", () -> node.reads.openCalls() == 0);
    Conditions.await("nobody waiting", () -> node.reads.waiting() == 0);
    Conditions.await("no cursors", () -> node.reads.openCursors() == 0);
    Conditions.await("no held appends", () -> node.router.held() == 0);
    Conditions.await("no queued appends", () -> node.pipeline.queued() == 0);
    long version = version("a");
    node.stub().append(request(append("a", "T")));
    assertThat(version("a")).isEqualTo(version + 1);
  }

  private long version(String source) {
    return node.stub()
        .getSource(GetSourceRequest.newBuilder().setSource(source).build())
        .getVersion();
  }

  @Test
  void randomMessagesAreAnsweredOrRefusedAndLeaveNothingBehind() throws Exception {
    RandomMessages random = new RandomMessages(20_261_122);
    int answered = 0;
    for (MethodDescriptor<?, ?> method : Rpcs.all()) {
      Map<Status.Code, Integer> ends =
          many(
              i ->
                  Rpcs.call(
                      node.channel(),
                      method,
                      random.like(Rpcs.request(method)),
                      deadlineMillis(method)));
      // Each of these says something; none says that the node did not know what it was doing.
      assertThat(ends.keySet())
          .as("%s: %s", method.getBareMethodName(), ends)
          .doesNotContain(Status.Code.INTERNAL, Status.Code.UNKNOWN, Status.Code.UNIMPLEMENTED);
      answered += ends.getOrDefault(Status.Code.OK, 0);
    }
    assertThat(answered).isGreaterThan(CALLS_PER_METHOD);
    assertNothingIsLeft();
  }

  @Test
  void randomBytesAreRefusedAndLeaveNothingBehind() throws Exception {
    RandomMessages random = new RandomMessages(3);
    for (MethodDescriptor<?, ?> method : Rpcs.all()) {
      MethodDescriptor<byte[], byte[]> raw = method.toBuilder(BYTES, BYTES).build();
      Map<Status.Code, Integer> ends =
          many(i -> Rpcs.start(node.channel(), raw, random.bytes(), DEADLINE_MILLIS));
      assertThat(ends.getOrDefault(Status.Code.INVALID_ARGUMENT, 0))
          .as("%s: %s", method.getBareMethodName(), ends)
          .isGreaterThan(CALLS_PER_METHOD / 2);
    }
    assertNothingIsLeft();
  }

  @Test
  void aMalformedMessageEndsItsStreamAndTakesBackWhatIsQueuedOnIt() throws Exception {
    node.raft.hold();
    MethodDescriptor<byte[], byte[]> raw =
        LogServiceGrpc.getAppendStreamMethod().toBuilder(BYTES, BYTES).build();
    ClientCall<byte[], byte[]> call = node.channel().newCall(raw, CallOptions.DEFAULT);
    CompletableFuture<Status> end = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(status);
          }
        },
        new Metadata());
    byte[] good = streamed(append("b", "T")).toByteArray();
    int before = node.raft.handedOver();
    // Three entries fill the pipe; what comes behind them waits in the queue.
    for (int i = 0; i < 10; i++) {
      int held = i + 1;
      call.sendMessage(good);
      Conditions.await("the append", () -> node.router.held() == held);
      if (i < 3) {
        Conditions.await("the hand-over", () -> node.raft.handedOver() == before + held);
      }
    }
    call.sendMessage(new byte[] {-1, -1, -1});
    assertThat(end.get(20, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    node.raft.release();
    assertNothingIsLeft();
    assertThat(version("b")).isEqualTo(3);
  }

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };
}
