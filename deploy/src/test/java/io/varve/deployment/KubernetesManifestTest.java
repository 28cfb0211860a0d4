package io.varve.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.varve.node.NodeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Renders {@code k8s/base} with {@code kubectl kustomize} and holds its parts against each other
 * and against the image.
 */
class KubernetesManifestTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** As the README says it. */
  private static final String RENDER = "kubectl kustomize k8s/base";

  private static Manifest manifest = Manifest.empty();

  @TempDir Path directory;

  @BeforeAll
  static void render() throws IOException, InterruptedException {
    manifest = Manifest.rendered(RENDER);
  }

  @Test
  void theReadmeSaysWhatIsTriedHere() throws IOException {
    assertThat(Files.readString(ROOT.resolve("README.md"))).contains("```sh\n" + RENDER + "\n```");
  }

  @Test
  void itIsAStatefulSetWithItsServicesItsConfigurationAndItsBudget() {
    assertThat(manifest.objects())
        .extracting(object -> object.path("kind").asText())
        .containsExactlyInAnyOrder(
            "StatefulSet", "Service", "Service", "ConfigMap", "PodDisruptionBudget");
  }

  @Test
  void thePodsAreTheMembersOfTheConfiguration() throws IOException {
    int replicas = statefulSet().path("spec").path("replicas").asInt();
    String name = statefulSet().path("metadata").path("name").asText();
    String service = statefulSet().path("spec").path("serviceName").asText();
    assertThat(replicas).isEqualTo(3);

    for (int pod = 0; pod < replicas; pod++) {
      String id = name + "-" + pod;
      NodeConfig config = config(id);

      assertThat(config.nodeId()).isEqualTo(id);
      assertThat(config.members()).hasSize(replicas);
      assertThat(config.members().get(pod).id()).isEqualTo(id);
      assertThat(config.members().get(pod).clientAddress()).isEqualTo(id + "." + service + ":4520");
      assertThat(config.members().get(pod).peerAddress()).isEqualTo(id + "." + service + ":4521");
      assertThat(config.listen().text()).isEqualTo("0.0.0.0:4520");
    }
    assertThat(container().path("env").get(0).path("name").asText()).isEqualTo("VARVE_NODE_ID");
    assertThat(container().at("/env/0/valueFrom/fieldRef/fieldPath").asText())
        .isEqualTo("metadata.name");
  }

  @Test
  void theNodesFindEachOtherBeforeTheyAreReady() {
    String name = statefulSet().path("spec").path("serviceName").asText();
    JsonNode service = manifest.named("Service", name).path("spec");

    assertThat(service.path("clusterIP").asText()).isEqualTo("None");
    assertThat(service.path("publishNotReadyAddresses").asBoolean()).isTrue();
    assertThat(statefulSet().at("/spec/podManagementPolicy").asText()).isEqualTo("Parallel");
  }

  @Test
  void everySelectorMeetsThePods() {
    JsonNode labels = podLabels();
    for (JsonNode object : manifest.objects()) {
      switch (object.path("kind").asText()) {
        case "Service" -> assertThat(object.at("/spec/selector")).isEqualTo(labels);
        case "StatefulSet", "PodDisruptionBudget" ->
            assertThat(object.at("/spec/selector/matchLabels")).isEqualTo(labels);
        default -> assertThat(object.path("kind").asText()).isEqualTo("ConfigMap");
      }
    }
    assertThat(
            pod()
                .at(
                    "/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution"
                        + "/0/labelSelector/matchLabels"))
        .isEqualTo(labels);
    assertThat(manifest.named("PodDisruptionBudget", "varve").at("/spec/maxUnavailable").asInt())
        .isEqualTo(1);
  }

  @Test
  void probesAskTheAdminPort() throws IOException {
    assertThat(container().at("/livenessProbe/httpGet/path").asText()).isEqualTo("/live");
    assertThat(container().at("/startupProbe/httpGet/path").asText()).isEqualTo("/live");
    assertThat(container().at("/readinessProbe/httpGet/path").asText()).isEqualTo("/ready");
    for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
      assertThat(container().at("/" + probe + "/httpGet/port").asText()).isEqualTo("admin");
    }
    assertThat(container().path("ports"))
        .extracting(port -> port.path("name").asText() + "=" + port.path("containerPort").asText())
        .containsExactly("grpc=4520", "peer=4521", "admin=4522");
    assertThat(configText()).contains("adminListen: 0.0.0.0:4522");
  }

  @Test
  void theImageAndTheManifestAgree() throws IOException {
    String image = Files.readString(ROOT.resolve("deploy/Dockerfile"));

    assertThat(image)
        .contains("EXPOSE 4520 4521 4522 4580\n")
        .contains("USER 10001:10001\n")
        .contains("VOLUME /var/lib/varve\n")
        .contains("CMD [\"node\", \"--config\", \"/etc/varve/varve.yaml\"]\n");
    assertThat(pod().at("/securityContext/runAsUser").asInt()).isEqualTo(10001);
    assertThat(pod().at("/securityContext/fsGroup").asInt()).isEqualTo(10001);
    assertThat(container().path("args"))
        .extracting(JsonNode::asText)
        .containsExactly("node", "--config", "/etc/varve/varve.yaml");
    assertThat(container().path("volumeMounts"))
        .extracting(mount -> mount.path("name").asText() + "=" + mount.path("mountPath").asText())
        .containsExactly("data=/var/lib/varve", "config=/etc/varve", "tmp=/tmp");
    assertThat(statefulSet().at("/spec/volumeClaimTemplates/0/metadata/name").asText())
        .isEqualTo("data");
    assertThat(config("varve-0").dataDirectory()).hasToString("/var/lib/varve/data");
  }

  @Test
  void nothingRunsWithMoreRightsThanItNeeds() {
    assertThat(pod().at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
    for (String containers : List.of("/initContainers/0", "/containers/0")) {
      JsonNode context = pod().at(containers + "/securityContext");
      assertThat(context.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
      assertThat(context.path("readOnlyRootFilesystem").asBoolean()).isTrue();
      assertThat(context.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
    }
    assertThat(pod().path("automountServiceAccountToken").asBoolean(true)).isFalse();
    assertThat(pod().path("enableServiceLinks").asBoolean(true)).isFalse();
  }

  @Test
  void theConfigurationsNameChangesWithItsContent() {
    JsonNode config = manifest.only("ConfigMap");

    assertThat(config.at("/metadata/name").asText()).matches("varve-[a-z0-9]+");
    assertThat(pod().path("volumes"))
        .anyMatch(
            volume ->
                volume.at("/configMap/name").asText().equals(config.at("/metadata/name").asText()));
  }

  private String configText() {
    return manifest.only("ConfigMap").at("/data/varve.yaml").asText();
  }

  private NodeConfig config(String nodeId) throws IOException {
    Path file = directory.resolve(nodeId + ".yaml");
    Files.writeString(file, "nodeId: " + nodeId + "\n" + configText());
    return NodeConfig.load(file);
  }

  private static JsonNode statefulSet() {
    return manifest.only("StatefulSet");
  }

  private static JsonNode pod() {
    return statefulSet().at("/spec/template/spec");
  }

  private static JsonNode podLabels() {
    return statefulSet().at("/spec/template/metadata/labels");
  }

  private static JsonNode container() {
    return pod().at("/containers/0");
  }
}
