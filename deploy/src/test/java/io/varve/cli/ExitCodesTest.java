package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.varve.cli.demo.DemoPorts;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.ClusterServiceGrpc;
import io.varve.proto.v1.DescribeRequest;
import io.varve.proto.v1.DescribeResponse;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetHeadResponse;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.Member;
import io.varve.proto.v1.MemberRole;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Exit codes that a healthy cluster does not give; the others are tested with each command. */
class ExitCodesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "append --source s --type T",
        "read",
        "head",
        "source s",
        "latest s",
        "import --as x",
        "export",
        "verify",
        "cluster describe",
        "bench append --in-flight 1 --seconds 1"
      })
  void withoutAClusterCommandsEndAsUnavailable(String command) {
    String nobody = DemoPorts.free().clientAddress(0);

    Cli.Result result =
        new Cli()
            .with("VARVE_TARGET", nobody)
            .input("{\"source\":\"s\",\"type\":\"T\"}")
            .run(("--json --deadline 0.5 " + command).split(" "));

    assertThat(result.exit()).as(result.err()).isEqualTo(4);
    assertThat(result.err()).startsWith("varve: ");
    assertThat(result.onlyJson().get("outcome").asText()).isEqualTo("error");
    assertThat(result.onlyJson().get("code").asText()).isIn("UNAVAILABLE", "DEADLINE_EXCEEDED");
  }

  @Test
  void anAppendWhoseAnswerIsLostEndsAsUnknownAndSaysHowToLearnTheTruth() throws Exception {
    Server silent = node(Optional.empty());
    try {
      Cli.Result result =
          new Cli()
              .run(
                  "append",
                  "--source",
                  "s",
                  "--type",
                  "T",
                  "--json",
                  // Time to connect and to send, of which the answer then takes the rest.
                  "--deadline",
                  "5",
                  "--target",
                  "127.0.0.1:" + silent.getPort());

      assertThat(result.exit()).as(result.err()).isEqualTo(5);
      assertThat(result.onlyJson().get("code").asText()).isEqualTo("OUTCOME_UNKNOWN");
      assertThat(result.err())
          .containsPattern("repeat the append with --append-id [-0-9a-f]{36} --known-position 42");
    } finally {
      silent.shutdownNow();
      assertThat(silent.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** Without a known position the CLI says 0: the log may have forgotten the id since. */
  @Test
  void anIdThatMayHaveBeenForgottenIsRefusedAndSaysWhatToPass() throws Exception {
    Server forgetful =
        node(
            Optional.of(
                Error.newBuilder()
                    .setCode(ErrorCode.ERROR_CODE_FATE_UNKNOWN)
                    .setMessage("known_position is 0, older than the window")
                    .build()));
    try {
      Cli.Result result =
          new Cli()
              .run(
                  "append",
                  "--source",
                  "s",
                  "--type",
                  "T",
                  "--json",
                  "--append-id",
                  "6f1c1f0e-3c57-4b52-9d1e-1f0a52d6a0b1",
                  "--target",
                  "127.0.0.1:" + forgetful.getPort());

      assertThat(result.exit()).as(result.err()).isEqualTo(1);
      assertThat(result.onlyJson().get("code").asText()).isEqualTo("FATE_UNKNOWN");
      assertThat(result.err()).contains("pass --known-position");
    } finally {
      forgetful.shutdownNow();
      assertThat(forgetful.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** A node that knows its head and answers every append with the same error, or never. */
  private static Server node(Optional<Error> error) throws IOException {
    ByteString identity = ByteString.copyFrom(new byte[16]);
    int[] port = new int[1];
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(
                new LogServiceGrpc.LogServiceImplBase() {
                  @Override
                  public void getHead(
                      GetHeadRequest request, StreamObserver<GetHeadResponse> answer) {
                    answer.onNext(
                        GetHeadResponse.newBuilder().setLogIdentity(identity).setHead(42).build());
                    answer.onCompleted();
                  }

                  @Override
                  public StreamObserver<AppendStreamRequest> appendStream(
                      StreamObserver<AppendStreamResponse> answers) {
                    return new Answering(error, identity, answers);
                  }
                })
            .addService(
                new ClusterServiceGrpc.ClusterServiceImplBase() {
                  @Override
                  public void describe(
                      DescribeRequest request, StreamObserver<DescribeResponse> answer) {
                    answer.onNext(
                        DescribeResponse.newBuilder()
                            .setLogIdentity(identity)
                            .setNodeId("n1")
                            .setLeaderId("n1")
                            .addMembers(
                                Member.newBuilder()
                                    .setId("n1")
                                    .setClientAddress("127.0.0.1:" + port[0])
                                    .setRole(MemberRole.MEMBER_ROLE_LEADER)
                                    .setReachable(true))
                            .build());
                    answer.onCompleted();
                  }
                })
            .build()
            .start();
    port[0] = server.getPort();
    return server;
  }

  private record Answering(
      Optional<Error> error, ByteString identity, StreamObserver<AppendStreamResponse> answers)
      implements StreamObserver<AppendStreamRequest> {
    @Override
    public void onNext(AppendStreamRequest request) {
      error.ifPresent(
          refusal ->
              answers.onNext(
                  AppendStreamResponse.newBuilder()
                      .setLogIdentity(identity)
                      .setError(refusal)
                      .build()));
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {
      answers.onCompleted();
    }
  }
}
