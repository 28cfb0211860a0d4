package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SharedCluster.class)
class ClusterDescribeCommandTest {

  @Test
  void namesEveryMemberAndTheLeader(Cli cli) {
    JsonNode cluster = cli.wholeCluster();

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
    cli.wholeCluster();

    assertThat(cli.run("cluster", "describe").lines())
        .anyMatch(line -> line.matches("NODE +ROLE +HEAD +APPLIED +CLIENTS +PEERS"))
        .anyMatch(line -> line.matches("node-1 +(leader|follower) +\\d+ +\\d+ +127.*"));
  }
}
