package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.varve.deployment.Manifest;
import io.varve.gateway.GatewayConfig;
import io.varve.gateway.identity.IdentityMode;
import io.varve.node.NodeConfig;
import io.varve.node.config.ConfigKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Renders {@code k8s/gateway} with {@code kubectl kustomize} and holds its parts against each
 * other, against the cluster of {@code k8s/base}, the image and the configuration.
 */
class GatewayManifestTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** As docs/gateway.md says it. */
  private static final String RENDER = "kubectl kustomize k8s/gateway";

  private static Manifest gateway = Manifest.empty();
  private static Manifest base = Manifest.empty();

  @TempDir Path directory;

  @BeforeAll
  static void render() throws IOException, InterruptedException {
    gateway = Manifest.rendered(RENDER);
    base = Manifest.rendered("kubectl kustomize k8s/base");
  }

  @Test
  void thePageSaysWhatIsTriedHere() throws IOException {
    assertThat(Files.readString(ROOT.resolve("docs/gateway.md")))
        .contains("    " + RENDER + " | kubectl apply --filename -\n");
  }

  @Test
  void itIsADeploymentWithItsServiceItsConfigurationAndItsBudget() {
    assertThat(gateway.objects())
        .extracting(object -> object.path("kind").asText())
        .containsExactlyInAnyOrder("Deployment", "Service", "ConfigMap", "PodDisruptionBudget");
    assertThat(deployment().at("/spec/replicas").asInt()).isGreaterThan(1);
    assertThat(gateway.only("PodDisruptionBudget").at("/spec/maxUnavailable").asInt()).isEqualTo(1);
  }

  @Test
  void everySelectorMeetsThePodsAndNoneOfTheNodes() {
    JsonNode labels = deployment().at("/spec/template/metadata/labels");
    assertThat(labels).isNotEmpty();
    for (JsonNode object : gateway.objects()) {
      switch (object.path("kind").asText()) {
        case "Service" -> assertThat(object.at("/spec/selector")).isEqualTo(labels);
        case "Deployment", "PodDisruptionBudget" ->
            assertThat(object.at("/spec/selector/matchLabels")).isEqualTo(labels);
        default -> assertThat(object.path("kind").asText()).isEqualTo("ConfigMap");
      }
    }
    assertThat(
            pod()
                .at(
                    "/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution"
                        + "/0/podAffinityTerm/labelSelector/matchLabels"))
        .isEqualTo(labels);
    assertThat(base.only("StatefulSet").at("/spec/template/metadata/labels")).isNotEqualTo(labels);
  }

  @Test
  void theConfigurationNamesTheNodesOfTheCluster() throws IOException {
    GatewayConfig config = config();
    JsonNode nodes = base.only("StatefulSet");
    String name = nodes.at("/metadata/name").asText();
    String service = nodes.at("/spec/serviceName").asText();
    List<String> addresses = new ArrayList<>();
    for (int pod = 0; pod < nodes.at("/spec/replicas").asInt(); pod++) {
      addresses.add(name + "-" + pod + "." + service + ":");
    }
    JsonNode ports = nodes.at("/spec/template/spec/containers/0/ports");

    assertThat(config.targets())
        .containsExactlyElementsOf(
            addresses.stream().map(address -> address + port(ports, "grpc")).toList());
    assertThat(config.admin())
        .containsExactlyElementsOf(
            addresses.stream().map(address -> address + port(ports, "admin")).toList());
    assertThat(config.identity().mode()).isEqualTo(IdentityMode.KEYS);
    assertThat(config.identity().createSigningKeys()).isFalse();
  }

  @Test
  void probesAndTheServiceAskThePortItListensOn() throws IOException {
    GatewayConfig config = config();
    assertThat(config.listen().getAddress().isAnyLocalAddress()).isTrue();
    assertThat(config.listen().getPort()).isEqualTo(4580);
    assertThat(container().path("ports")).hasSize(1);
    assertThat(port(container().path("ports"), "http")).isEqualTo(4580);
    assertThat(container().at("/livenessProbe/httpGet/path").asText()).isEqualTo("/live");
    assertThat(container().at("/startupProbe/httpGet/path").asText()).isEqualTo("/live");
    assertThat(container().at("/readinessProbe/httpGet/path").asText()).isEqualTo("/ready");
    for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
      assertThat(container().at("/" + probe + "/httpGet/port").asText()).isEqualTo("http");
    }
    // A gateway takes up to 2 s to find out that no node answers.
    assertThat(container().at("/readinessProbe/timeoutSeconds").asInt()).isGreaterThan(2);
    assertThat(gateway.only("Service").at("/spec/ports/0/targetPort").asText()).isEqualTo("http");
  }

  @Test
  void theImageAndTheManifestAgree() throws IOException {
    String image = Files.readString(ROOT.resolve("deploy/Dockerfile"));

    assertThat(image)
        .containsPattern("(?m)^EXPOSE .*\\b4580$")
        .contains("USER 10001:10001\n")
        .contains("ENTRYPOINT [\"/opt/varve/varve\"]\n");
    assertThat(pod().at("/securityContext/runAsUser").asInt()).isEqualTo(10001);
    assertThat(pod().at("/securityContext/fsGroup").asInt()).isEqualTo(10001);
    assertThat(container().path("image"))
        .isEqualTo(base.only("StatefulSet").at("/spec/template/spec/containers/0/image"));
    assertThat(container().path("args"))
        .extracting(JsonNode::asText)
        .containsExactly("gateway", "--config", "/etc/varve/gateway.yaml");
  }

  @Test
  void whatItReadsIsMounted() throws IOException {
    JsonNode config = gateway.only("ConfigMap");
    Path keys = config().identity().signingKeys().orElseThrow();

    assertThat(container().path("volumeMounts"))
        .extracting(mount -> mount.path("name").asText() + "=" + mount.path("mountPath").asText())
        .containsExactly("config=/etc/varve", "keys=" + keys.getParent(), "tmp=/tmp");
    assertThat(config.at("/metadata/name").asText()).matches("varve-gateway-[a-z0-9]+");
    assertThat(pod().path("volumes"))
        .anyMatch(
            volume ->
                volume.at("/name").asText().equals("config")
                    && volume.at("/configMap/name").equals(config.at("/metadata/name")))
        .anyMatch(
            volume ->
                volume.at("/name").asText().equals("keys")
                    && volume.at("/secret/secretName").asText().equals("varve-gateway-keys"));
    // The page's command that makes the secret names it and the file so.
    assertThat(Files.readString(ROOT.resolve("docs/gateway.md")))
        .contains("secret generic varve-gateway-keys --from-file " + keys.getFileName() + "\n");
  }

  @Test
  void gatewaysShowTheTokenThatNodesAskForIfTheSecretIsThere() throws IOException {
    JsonNode shown = variable(container(), "VARVE_CLUSTER_TOKEN");
    JsonNode asked =
        variable(
            base.only("StatefulSet").at("/spec/template/spec/containers/0"),
            "VARVE_SECURITY_GATEWAY_TOKENS");

    assertThat(GatewayConfigFile.keys())
        .extracting(ConfigKey::variable)
        .contains("VARVE_CLUSTER_TOKEN");
    assertThat(NodeConfig.keys())
        .extracting(ConfigKey::variable)
        .contains("VARVE_SECURITY_GATEWAY_TOKENS");
    for (JsonNode secret : List.of(shown, asked)) {
      assertThat(secret.path("optional").asBoolean()).isTrue();
      assertThat(secret.path("name").asText()).isEqualTo("varve-gateway-tokens");
      assertThat(Files.readString(ROOT.resolve("docs/gateway.md")))
          .contains("--from-literal " + secret.path("key").asText() + "=TOKEN");
    }
    assertThat(shown.path("key")).isNotEqualTo(asked.path("key"));
  }

  private static JsonNode variable(JsonNode container, String name) {
    for (JsonNode variable : container.path("env")) {
      if (variable.path("name").asText().equals(name)) {
        return variable.at("/valueFrom/secretKeyRef");
      }
    }
    throw new AssertionError("there is no variable " + name);
  }

  @Test
  void itHasTheTimeToStopThatItTakes() throws IOException {
    // Streams are handed over, then what is under way ends: each may take the drain.
    Duration most = config().drain().multipliedBy(2).plusSeconds(1);

    assertThat(pod().path("terminationGracePeriodSeconds").asLong())
        .isGreaterThan(most.toSeconds());
  }

  @Test
  void nothingRunsWithMoreRightsThanItNeeds() {
    assertThat(pod().at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
    JsonNode context = container().path("securityContext");
    assertThat(context.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
    assertThat(context.path("readOnlyRootFilesystem").asBoolean()).isTrue();
    assertThat(context.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
    assertThat(pod().path("automountServiceAccountToken").asBoolean(true)).isFalse();
    assertThat(pod().path("enableServiceLinks").asBoolean(true)).isFalse();
  }

  private GatewayConfig config() throws IOException {
    Path file = directory.resolve("gateway.yaml");
    Files.writeString(file, gateway.only("ConfigMap").at("/data/gateway.yaml").asText());
    return GatewayConfigFile.load(file, GatewayConfigFile.overrides());
  }

  private static int port(JsonNode ports, String name) {
    for (JsonNode port : ports) {
      if (port.path("name").asText().equals(name)) {
        return port.path("containerPort").asInt();
      }
    }
    throw new AssertionError("there is no port " + name);
  }

  private static JsonNode deployment() {
    return gateway.only("Deployment");
  }

  private static JsonNode pod() {
    return deployment().at("/spec/template/spec");
  }

  private static JsonNode container() {
    return pod().at("/containers/0");
  }
}
