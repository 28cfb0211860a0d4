package io.varve.gateway.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.AppendRequest;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.NewEvent;
import io.varve.client.Origin;
import io.varve.client.PermissionDeniedException;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import io.varve.gateway.Gateway;
import io.varve.gateway.GatewayConfig;
import io.varve.gateway.http.Http;
import io.varve.gateway.identity.Device;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.gateway.identity.ReservedSources;
import io.varve.node.NodeConfig;
import io.varve.node.VarveNode;
import io.varve.node.cluster.MemberConfig;
import io.varve.node.ops.AdminOptions;
import io.varve.node.security.GatewayTokens;
import io.varve.testkit.FreePorts;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A node that knows gateways by a token: nobody can go past the gateway and write as a client. */
@Timeout(120)
class ClusterTokenTest {
  private static final String TOKEN = "cluster-0123456789abcdef01234567";

  @TempDir private Path directory;
  private VarveNode node;
  private VarveClient service;
  private final Device device = new Device();

  @BeforeEach
  void start() throws IOException {
    String peers = "127.0.0.1:" + FreePorts.next();
    String clients = "127.0.0.1:" + FreePorts.next();
    node =
        VarveNode.start(
            NodeConfig.of(
                    "n1",
                    directory.resolve("node"),
                    List.of(new MemberConfig("n1", peers, clients)))
                .withApi(api -> api.withGateways(GatewayTokens.of(List.of(TOKEN))))
                .withAdmin(AdminOptions::off));
    service = VarveClient.builder().target(clients).deadline(Duration.ofSeconds(60)).build();
    service.head(); // It serves: a gateway waits less long.
  }

  @AfterEach
  void stop() {
    service.close();
    node.close();
  }

  private GatewayConfig config() {
    List<String> own = List.of("clients/{client}/");
    return GatewayConfig.of(
            List.of("127.0.0.1:" + node.port()),
            IdentityOptions.keys(directory.resolve("keys.json"))
                .withCreateSigningKeys(true)
                .withSelfRegistration(true)
                .withDefaultGrants(new Grants(own, own)))
        .withDeadline(Duration.ofSeconds(20));
  }

  @Test
  void onlyThroughTheGatewayDoesAnythingLandAsAClient() {
    String source = "clients/" + device.clientId() + "/notes";
    String run = WholeGatewayTest.run("buffer", 1, source, "");
    try (Gateway gateway = Gateway.start(config().withClusterToken(TOKEN))) {
      Http http = new Http(gateway.uri()).as("");
      Http asDevice = http.as(WholeGatewayTest.token(http, device));
      Http.Answer pushed = asDevice.post("/v1/push", run);
      assertThat(pushed.status()).as(pushed.toString()).isEqualTo(200);
    }

    AppendRequest forged =
        AppendRequest.builder()
            .events(NewEvent.builder(source, "Forged").data("{}").build())
            .origin(Origin.of(device.clientId(), "buffer", 2))
            .build();
    assertThatThrownBy(() -> service.append(forged))
        .isInstanceOf(PermissionDeniedException.class)
        .hasMessageContaining("append.origin")
        .hasMessageContaining("only gateways may");
    try (EventStream landed = service.read(ReadOptions.ofSource(source))) {
      assertThat(landed.stream()).extracting(Event::type).containsExactly("Painted");
    }
  }

  @Test
  void nodesKeepFromOthersWhatGatewaysKeepForThemselves() {
    assertThat(GatewayTokens.RESERVED_SOURCES).isEqualTo(ReservedSources.PREFIX);
  }

  /** Its clients are not at fault: they are not refused, and go on trying. */
  @Test
  void aGatewayThatTheClusterRefusesSaysThatTheFaultIsItsOwn() {
    try (Gateway gateway = Gateway.start(config())) {
      Http.Answer challenge =
          new Http(gateway.uri())
              .as("")
              .post("/v1/identity/challenge", "{\"publicKey\":" + device.jwk() + "}");
      assertThat(challenge.status()).isEqualTo(200);
      Http.Answer token =
          WholeGatewayTest.exchange(
              new Http(gateway.uri()).as(""),
              device,
              challenge.json().path("challenge").asText(),
              WholeGatewayTest.AUDIENCE);
      assertThat(token.status()).as(token.toString()).isEqualTo(500);
      assertThat(token.json().path("code").asText()).isEqualTo("INTERNAL");
      assertThat(token.json().path("detail").asText())
          .isEqualTo("the gateway's log says what happened");
    }
    assertThat(service.head().position()).isZero();
  }
}
