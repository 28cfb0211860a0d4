package io.varve.node.api;

import static io.varve.node.Requests.append;
import static io.varve.node.Requests.errorOf;
import static io.varve.node.Requests.request;
import static io.varve.node.Requests.streamed;
import static io.varve.node.Requests.version;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.varve.node.LocalNode;
import io.varve.node.LocalReplicator.Fate;
import io.varve.node.Stream;
import io.varve.node.cluster.Conditions;
import io.varve.node.routing.AppendSession;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node that follows, in front of one that leads. Each has its own log: that shows who appended.
 */
@Timeout(60)
class ForwardingTest {

  @TempDir private Path directory;
  private LocalNode leader;
  private LocalNode follower;
  private Stream<AppendStreamRequest, AppendStreamResponse> answers;
  private StreamObserver<AppendStreamRequest> requests;

  @BeforeEach
  void start() {
    leader = new LocalNode(directory.resolve("leader"));
    follower = new LocalNode(directory.resolve("follower"));
    follower.others.put("n2", leader.address());
    follower.raft.setLeader(Optional.of("n2"));
    answers = new Stream<>();
    requests = follower.async().appendStream(answers);
  }

  @AfterEach
  void stop() {
    follower.close();
    leader.close();
  }

  private void send(Append append) {
    requests.onNext(streamed(append));
  }

  @Test
  void aFollowerForwardsAndPassesEveryAnswerOn() throws Exception {
    AppendResponse first = follower.stub().append(request(append("a", "T")));
    assertThat(first.getAppended().getFirstPosition()).isEqualTo(1);
    assertThat(leader.raft.reader().head()).isEqualTo(1);
    assertThat(follower.raft.reader().head()).isZero();
    AppendResponse conflict =
        follower
            .stub()
            .append(request(append("a", "T").toBuilder().addConditions(version("a", 9)).build()));
    assertThat(conflict.getConflict().getFailed(0).getFoundVersion()).isEqualTo(1);
    Error error = errorOf(() -> follower.stub().append(request(append("", "T"))));
    assertThat(error.getField()).isEqualTo("append.events[0].source");

    for (int i = 0; i < 3_000; i++) {
      send(append("s", "T"));
    }
    requests.onCompleted();
    for (int i = 0; i < 3_000; i++) {
      assertThat(answers.next().getAppended().getFirstPosition()).isEqualTo(i + 2);
    }
    assertThat(answers.end()).isEqualTo(Status.OK);
    assertThat(follower.router.held()).isZero();
    Conditions.await("the leader's end of it", () -> leader.router.held() == 0);
  }

  @Test
  void anAppendWhoseTimeIsOverIsNotForwarded() throws Exception {
    AtomicReference<AppendStreamResponse> answered = new AtomicReference<>();
    AppendSession session =
        follower.router.open(
            new AppendSession.Sink() {
              @Override
              public void answer(AppendStreamResponse response, int appendBytes) {
                answered.set(response);
              }

              @Override
              public void ended() {}

              @Override
              public void failed() {}
            },
            false,
            16);
    session.append(append("late", "T"), System.nanoTime() - 1);
    Conditions.await("the answer", () -> answered.get() != null);
    assertThat(answered.get().getError().getCode())
        .isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
    session.finish();
    // Had it been sent, it would stand before this one.
    AppendResponse next = follower.stub().append(request(append("next", "T")));
    assertThat(next.getAppended().getFirstPosition()).isEqualTo(1);
    assertThat(leader.raft.reader().version("late")).isZero();
  }

  @Test
  void whenTheLeaderChangesAppendsGoOnInOrderAndNoneTwice() throws Exception {
    for (int i = 0; i < 100; i++) {
      send(append("a", "T"));
    }
    for (int i = 0; i < 100; i++) {
      assertThat(answers.next().hasAppended()).isTrue();
    }
    leader.raft.setLeader(Optional.empty());
    for (int i = 100; i < 200; i++) {
      send(append("a", "T"));
    }
    Conditions.await("arrival", () -> follower.router.held() == 100);
    // This node leads now.
    follower.raft.setLeader(Optional.of("n1"));
    for (int i = 0; i < 100; i++) {
      assertThat(answers.next().getAppended().getFirstPosition()).isEqualTo(i + 1);
    }
    assertThat(leader.raft.reader().head()).isEqualTo(100);
  }

  @Test
  void whatWasSentOverAConnectionThatBreaksIsUnknownAndWhatComesBehindIsNotSent() throws Exception {
    leader.raft.hold();
    send(append("a", "T"));
    Conditions.await("the hand-over", () -> leader.router.held() == 1);
    Thread closer = new Thread(leader.server::close);
    closer.start();
    assertThat(answers.next().getError().getCode()).isEqualTo(ErrorCode.ERROR_CODE_OUTCOME_UNKNOWN);
    assertThat(answers.end()).isEqualTo(Status.OK);
    closer.join();
    leader.raft.release();
  }

  @Test
  void anUnknownOutcomeAtTheLeaderEndsTheCallersStream() throws Exception {
    leader.raft.nextFates(Fate.APPLIED_UNANSWERED);
    send(append("a", "T"));
    assertThat(answers.next().getError().getCode()).isEqualTo(ErrorCode.ERROR_CODE_OUTCOME_UNKNOWN);
    assertThat(answers.end()).isEqualTo(Status.OK);
  }

  @Test
  void aLeaderThatStopsInGoodOrderHandsItsCallersOn() throws Exception {
    send(append("a", "T"));
    assertThat(answers.next().hasAppended()).isTrue();
    leader.pipeline.close();
    leader.router.stop();
    send(append("a", "T"));
    follower.raft.setLeader(Optional.of("n1"));
    assertThat(answers.next().getAppended().getFirstPosition()).isEqualTo(1);
    assertThat(leader.raft.reader().head()).isEqualTo(1);
    assertThat(follower.raft.reader().head()).isEqualTo(1);
  }

  @Test
  void aLeaderThatWasNotReachedIsTriedAgain() throws Exception {
    follower.others.put("n2", "127.0.0.1:1");
    send(append("a", "T"));
    Conditions.await("arrival", () -> follower.router.held() == 1);
    follower.others.put("n2", leader.address());
    assertThat(answers.next().getAppended().getFirstPosition()).isEqualTo(1);
  }

  @Test
  void aLeaderWithAnotherLogIsNotAppendedTo() throws Exception {
    // The forwarding node names its own log's identity: the leader's is the same here, so say it.
    requests.onNext(
        streamed(append("a", "T")).toBuilder()
            .setLogIdentity(ByteString.copyFromUtf8("another-identity"))
            .build());
    assertThat(answers.next().getError().getCode())
        .isEqualTo(ErrorCode.ERROR_CODE_LOG_IDENTITY_MISMATCH);
    assertThat(leader.raft.reader().head()).isZero();
  }
}
