package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.varve.cli.demo.DemoCluster;
import io.varve.cli.demo.DemoPorts;
import io.varve.proto.v1.GetChainHashRequest;
import io.varve.proto.v1.GetChainHashResponse;
import io.varve.proto.v1.LogServiceGrpc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SharedCluster.class)
class VerifyCommandTest {
  private final List<Server> servers = new ArrayList<>();

  @AfterEach
  void stop() throws InterruptedException {
    for (Server server : servers) {
      server.shutdownNow();
      assertThat(server.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void healthyNodesAreEqual(Cli cli, DemoCluster cluster) {
    cli.run("append", "--source", "verify-" + UUID.randomUUID(), "--type", "T");

    Cli.Result result = cli.run("verify", "--json");

    assertThat(result.exit()).as(result.toString()).isZero();
    JsonNode answer = result.onlyJson();
    assertThat(answer.get("outcome").asText()).isEqualTo("equal");
    assertThat(answer.get("position").asLong()).isPositive();
    assertThat(answer.get("nodes"))
        .hasSize(3)
        .allMatch(node -> node.get("chainHash").asText().matches("[0-9a-f]{64}"));
    assertThat(answer.get("nodes").findValuesAsText("chainHash").stream().distinct()).hasSize(1);
    assertThat(cli.run("verify", "--nodes", cluster.ports().clientAddresses()).out())
        .contains("equal: all 3 nodes hold the same history up to ");
  }

  @Test
  void theFirstDifferenceIsFound() throws IOException {
    String nodes = node("n1", 2_000, 778) + "," + node("n2", 1_500, 0) + "," + node("n3", 1_800, 0);

    Cli.Result result = new Cli().run("verify", "--json", "--nodes", nodes);

    assertThat(result.exit()).isEqualTo(1);
    JsonNode answer = result.onlyJson();
    assertThat(answer.get("outcome").asText()).isEqualTo("different");
    assertThat(answer.get("position").asLong()).isEqualTo(1_500);
    assertThat(answer.get("equalUpTo").asLong()).isEqualTo(777);
    assertThat(answer.get("firstDifference").asLong()).isEqualTo(778);
    assertThat(new Cli().run("verify", "--nodes", nodes).out())
        .contains("DIFFERENT: equal up to position 777, first difference at position 778");
  }

  @Test
  void aDifferenceBehindWhatAllHaveIsNotSeenYet() throws IOException {
    String nodes = node("n1", 2_000, 1_501) + "," + node("n2", 1_500, 0);

    assertThat(new Cli().run("verify", "--nodes", nodes).exit()).isZero();
  }

  @Test
  void theFirstPositionMayDiffer() throws IOException {
    String nodes = node("n1", 1, 1) + "," + node("n2", 5, 0);

    assertThat(new Cli().run("verify", "--nodes", nodes).out())
        .contains("equal up to position 0, first difference at position 1");
  }

  @Test
  void aNodeThatCannotBeAskedIsNamed() throws IOException {
    String gone = DemoPorts.free().clientAddress(0);
    String nodes = node("n1", 10, 0) + "," + gone + "," + node("n3", 12, 0);

    Cli.Result result = new Cli().run("verify", "--json", "--deadline", "5", "--nodes", nodes);

    assertThat(result.exit()).isEqualTo(4);
    JsonNode answer = result.onlyJson();
    assertThat(answer.get("outcome").asText()).isEqualTo("incomplete");
    assertThat(answer.get("nodes").get(1).get("address").asText()).isEqualTo(gone);
    assertThat(answer.get("nodes").get(1).get("error").asText()).isNotEmpty();
    assertThat(new Cli().run("verify", "--deadline", "5", "--nodes", nodes).out())
        .contains("incomplete: 2 of 3 nodes could be asked, and they are equal up to 10");
  }

  @Test
  void anEmptyNodeHasNothingToCompare() throws IOException {
    String nodes = node("n1", 10, 0) + "," + node("n2", 0, 0);

    assertThat(new Cli().run("verify", "--nodes", nodes).exit()).isZero();
  }

  @Test
  void everyAddressMustBeANodeOfItsOwn() throws IOException {
    Cli.Result result =
        new Cli().run("verify", "--nodes", node("n1", 1, 0) + "," + node("n1", 1, 0));

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).contains("two of the addresses lead to node n1");
    assertThat(new Cli().run("verify", "--nodes", "nonsense").exit()).isEqualTo(2);
  }

  /** A node with that head whose history differs from a position on; 0 = nowhere. */
  private String node(String id, long head, long differsFrom) throws IOException {
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(
                new LogServiceGrpc.LogServiceImplBase() {
                  @Override
                  public void getChainHash(
                      GetChainHashRequest request, StreamObserver<GetChainHashResponse> answer) {
                    long position = request.getPosition() == 0 ? head : request.getPosition();
                    if (position > head) {
                      answer.onError(Status.DEADLINE_EXCEEDED.asRuntimeException());
                      return;
                    }
                    boolean differs = differsFrom != 0 && position >= differsFrom;
                    answer.onNext(
                        GetChainHashResponse.newBuilder()
                            .setLogIdentity(ByteString.copyFrom(new byte[16]))
                            .setPosition(position)
                            .setChainHash(hash(position, differs))
                            .setNodeId(id)
                            .build());
                    answer.onCompleted();
                  }
                })
            .build()
            .start();
    servers.add(server);
    return "127.0.0.1:" + server.getPort();
  }

  private static ByteString hash(long position, boolean differs) {
    byte[] hash = new byte[32];
    hash[0] = (byte) (differs ? 1 : 0);
    hash[30] = (byte) (position >> 8);
    hash[31] = (byte) position;
    return ByteString.copyFrom(hash);
  }
}
