package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SharedCluster.class)
class ClusterDescribeCommandTest {
  private static final List<String> ALL_REACHABLE = List.of("true", "true", "true");

  @Test
  void namesEveryMemberAndTheLeader(Cli cli) {
    JsonNode cluster = settled(cli);

    assertThat(UUID.fromString(cluster.get("clusterId").asText())).isNotNull();
    assertThat(UUID.fromString(cluster.get("logIdentity").asText())).isNotNull();
    assertThat(cluster.get("members"))
        .extracting(member -> member.get("role").asText())
        .containsExactlyInAnyOrder("leader", "follower", "follower");
    for (JsonNode member : cluster.get("members")) {
      if (member.get("role").asText().equals("leader")) {
        assertThat(member.get("id")).isEqualTo(cluster.get("leaderId"));
      }
    }
  }

  @Test
  void forPeopleItIsATable(Cli cli) {
    settled(cli);

    assertThat(cli.run("cluster", "describe").lines())
        .anyMatch(line -> line.matches("NODE +ROLE +HEAD +APPLIED +CLIENTS +PEERS"))
        .anyMatch(line -> line.matches("node-1 +(leader|follower) +\\d+ +\\d+ +127.*"));
  }

  /** The cluster when three nodes have answered each other in time, and one of them leads. */
  private static JsonNode settled(Cli cli) {
    AtomicReference<JsonNode> seen = new AtomicReference<>();
    Eventually.holds(
        () -> {
          JsonNode cluster = cli.run("cluster", "describe", "--json").onlyJson();
          seen.set(cluster);
          return cluster.get("members").findValuesAsText("reachable").equals(ALL_REACHABLE)
              && cluster.get("members").findValuesAsText("role").contains("leader");
        });
    return seen.get();
  }
}
