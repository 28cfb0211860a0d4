package io.varve.node;

import static io.varve.node.Requests.append;
import static io.varve.node.Requests.errorOf;
import static io.varve.node.Requests.request;
import static io.varve.node.Requests.streamed;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.varve.node.security.GatewayTokens;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.LogServiceGrpc.LogServiceBlockingStub;
import io.varve.proto.v1.LogServiceGrpc.LogServiceStub;
import io.varve.proto.v1.Origin;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes that know gateways by a token: who may write what, at whichever node. */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GatewayTokensClusterTest {
  private static final String TOKEN = "in-use-0123456789abcdef012345678";
  private static final String NEXT = "next-in-use-0123456789abcdef0123";

  private NodeCluster cluster;

  @BeforeAll
  void start(@TempDir Path directory) {
    GatewayTokens tokens = GatewayTokens.of(List.of(TOKEN, NEXT));
    cluster = new NodeCluster(directory, api -> api.withGateways(tokens));
  }

  @AfterAll
  void stop() {
    cluster.close();
    assertThat(cluster.cluster().halts()).isEmpty();
  }

  private List<String> nodes() {
    return List.of(cluster.leader(), cluster.follower());
  }

  private static Append ofOrigin(String client, String source) {
    return append(source, "T").toBuilder()
        .setOrigin(
            Origin.newBuilder().setClientId(client).setBufferId("buffer").setFirstSequence(1))
        .build();
  }

  private static Metadata authorization(String value) {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), value);
    return headers;
  }

  private LogServiceBlockingStub showing(String node, String authorization) {
    return cluster
        .stub(node)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(authorization(authorization)));
  }

  private long head() {
    return cluster.stub(cluster.leader()).getHead(GetHeadRequest.getDefaultInstance()).getHead();
  }

  private void denied(String field, Error error) {
    assertThat(error.getCode())
        .as(error.toString())
        .isEqualTo(ErrorCode.ERROR_CODE_PERMISSION_DENIED);
    assertThat(error.getField()).isEqualTo(field);
    assertThat(error.getMessage()).contains("only gateways may").doesNotContain(TOKEN);
  }

  @Test
  void whoIsNoGatewaySetsNoOrigin() {
    long before = head();
    for (String node : nodes()) {
      Append append = ofOrigin("somebody", "device/1");
      denied("append.origin", errorOf(() -> cluster.stub(node).append(request(append))));
      for (String wrong :
          List.of("Bearer " + TOKEN + "0", "Bearer ", "Bearer", "Basic " + TOKEN, TOKEN, "")) {
        denied("append.origin", errorOf(() -> showing(node, wrong).append(request(append))));
      }
    }
    assertThat(head()).isEqualTo(before);
  }

  @Test
  void whoIsNoGatewayWritesNothingThatGatewaysKeep() {
    long before = head();
    for (String node : nodes()) {
      Append append =
          append("mine", "T").toBuilder()
              .addEvents(append("_varve/identity", "GrantsChanged").getEvents(0))
              .build();
      denied("append.events[1].source", errorOf(() -> cluster.stub(node).append(request(append))));
    }
    assertThat(head()).isEqualTo(before);
  }

  @Test
  void aGatewayDoesBothAtAnyNodeWithEitherToken() {
    for (String node : nodes()) {
      for (String shown : List.of("Bearer " + TOKEN, "bearer " + NEXT)) {
        Append run = ofOrigin("client-" + node + shown.length(), "device/2");
        assertThat(showing(node, shown).append(request(run)).hasAppended()).isTrue();
        Append record = append("_varve/identity", "GrantsChanged");
        assertThat(showing(node, shown).append(request(record)).hasAppended()).isTrue();
      }
    }
  }

  @Test
  void everybodyElseWritesAndReadsAsBefore() {
    for (String node : nodes()) {
      assertThat(cluster.stub(node).append(request(append("order-1", "T"))).hasAppended()).isTrue();
      assertThat(
              showing(node, "Bearer of-a-service-mesh")
                  .append(request(append("order-1", "T")))
                  .hasAppended())
          .isTrue();
    }
  }

  /** The rest of a stream is not to suffer for what one of its appends may not do. */
  @Test
  void aStreamIsToldOfEachAppendThatItMayNotSend() throws Exception {
    for (String node : nodes()) {
      Stream<AppendStreamRequest, AppendStreamResponse> answers = new Stream<>();
      StreamObserver<AppendStreamRequest> requests = cluster.async(node).appendStream(answers);
      requests.onNext(streamed(append("stream", "T")));
      requests.onNext(streamed(ofOrigin("somebody", "stream")));
      requests.onNext(streamed(append("stream", "T")));
      requests.onCompleted();
      assertThat(answers.next().hasAppended()).isTrue();
      denied("append.origin", answers.next().getError());
      assertThat(answers.next().hasAppended()).isTrue();
      assertThat(answers.end()).isEqualTo(Status.OK);

      LogServiceStub gateway =
          cluster
              .async(node)
              .withInterceptors(
                  MetadataUtils.newAttachHeadersInterceptor(authorization("Bearer " + TOKEN)));
      Stream<AppendStreamRequest, AppendStreamResponse> granted = new Stream<>();
      StreamObserver<AppendStreamRequest> run = gateway.appendStream(granted);
      run.onNext(streamed(ofOrigin("streaming-" + node, "stream")));
      run.onCompleted();
      assertThat(granted.next().hasAppended()).isTrue();
      assertThat(granted.end()).isEqualTo(Status.OK);
    }
  }
}
