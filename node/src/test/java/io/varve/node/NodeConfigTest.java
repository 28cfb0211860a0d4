package io.varve.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.node.api.ConnectionOptions;
import io.varve.node.cluster.HostAndPort;
import io.varve.node.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeConfigTest {

  private static final String LEAST =
      """
      nodeId: n1
      dataDirectory: /data
      members:
        - id: n1
          peerAddress: 10.0.0.1:4521
          clientAddress: 10.0.0.1:4520
      """;

  @Test
  void theLeastGetsTheDefaults() {
    NodeConfig config = NodeConfigFile.parse(LEAST);
    assertThat(config)
        .usingRecursiveComparison()
        .ignoringFields("pipeline.clock", "pipeline.nanoTime", "pipeline.saltSeeds")
        .isEqualTo(NodeConfig.of("n1", Path.of("/data"), config.members()));
    assertThat(config.listen()).isEqualTo(new HostAndPort("10.0.0.1", 4520));
    assertThat(config.limits().appendBytes()).isEqualTo(4 << 20);
  }

  @Test
  void everythingCanBeSaid() {
    NodeConfig config =
        NodeConfigFile.parse(
            """
            # A comment
            nodeId: node-2
            dataDirectory: /var/lib/varve
            listen: 0.0.0.0:4520
            adminListen: 0.0.0.0:4522
            members:
              - id: node-1
                peerAddress: 10.0.0.1:4521
                clientAddress: 10.0.0.1:4520
              - {id: node-2, peerAddress: "[::1]:4521", clientAddress: "[::1]:4520"}
            founding:
              dedupWindow: 1_000
              scopeStepLimit: 500
            limits:
              payloadBytes: 64KiB
              appendBytes: 1MiB
              events: 10
              metadataBytes: 100
              conditions: 3
              filterItems: 4
              types: 5
              tags: 6
              nameBytes: 77
            overload:
              queuedAppends: 100
              queuedBytes: 1 MiB
              heldAppends: 200
              heldBytes: 8MiB
              streams: 300
              callsPerConnection: 400
              connections: 500
            server:
              keepAliveTime: 10s
              keepAliveTimeout: 3s
              minClientKeepAlive: 500ms
              connectionIdle: 1m
            security:
              gatewayTokens: 0123456789abcdef0123456789abcdef, fedcba9876543210fedcba9876543210
            tuning:
              entriesInFlight: 2
              readWorkers: 4
              drain: 5s
              electionTimeoutMin: 300ms
              electionTimeoutMax: 1m
              snapshotLogBytes: 1GiB
              blockCacheBytes: 128MiB
              writeBufferBytes: 32MiB
            """);
    assertThat(config.nodeId()).isEqualTo("node-2");
    assertThat(config.dataDirectory()).isEqualTo(Path.of("/var/lib/varve"));
    assertThat(config.listen()).isEqualTo(new HostAndPort("0.0.0.0", 4520));
    assertThat(config.admin().listen()).contains(new HostAndPort("0.0.0.0", 4522));
    assertThat(config.members())
        .extracting(member -> member.clientAddress())
        .isEqualTo(List.of("10.0.0.1:4520", "[::1]:4520"));
    assertThat(config.founding().dedupWindow()).isEqualTo(1_000);
    assertThat(config.founding().scopeStepLimit()).isEqualTo(500);
    assertThat(config.limits().payloadBytes()).isEqualTo(65_536);
    assertThat(config.limits().nameBytes()).isEqualTo(77);
    assertThat(config.pipeline().maxQueuedAppends()).isEqualTo(100);
    assertThat(config.pipeline().maxQueuedBytes()).isEqualTo(1 << 20);
    assertThat(config.pipeline().maxInFlight()).isEqualTo(2);
    assertThat(config.routing().maxHeldAppends()).isEqualTo(200);
    assertThat(config.reads().maxStreams()).isEqualTo(300);
    assertThat(config.reads().workers()).isEqualTo(4);
    assertThat(config.api().maxCallsPerConnection()).isEqualTo(400);
    assertThat(config.api().gateways().own()).contains("0123456789abcdef0123456789abcdef");
    assertThat(config.api().gateways().include("fedcba9876543210fedcba9876543210")).isTrue();
    assertThat(config.api().drain()).isEqualTo(Duration.ofSeconds(5));
    assertThat(config.api().connections())
        .isEqualTo(
            new ConnectionOptions(
                500,
                Duration.ofSeconds(10),
                Duration.ofSeconds(3),
                Duration.ofMillis(500),
                Duration.ofMinutes(1)));
    assertThat(config.raft().electionTimeoutMin()).isEqualTo(Duration.ofMillis(300));
    assertThat(config.raft().electionTimeoutMax()).isEqualTo(Duration.ofMinutes(1));
    assertThat(config.raft().snapshotLogBytes()).isEqualTo(1L << 30);
    assertThat(config.raft().store().blockCacheBytes()).isEqualTo(128L << 20);
    assertThat(config.raft().store().writeBufferBytes()).isEqualTo(32L << 20);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          limts: {}                        | line 7: unknown key 'limts'; did you mean 'limits'? Known here: adminListen, dataDirectory, founding, limits
          limits: {events: 0}              | line 7: 'limits.events' must be from 1 to 4096, not '0'
          limits: {events: many}           | line 7: 'limits.events' must be a whole number from 1 to 4096, not 'many'
          limits: {payloadBytes: 1MB}      | line 7: 'limits.payloadBytes' must be a number of bytes, such as
          limits: {appendBytes: 5MiB}      | line 7: 'limits.appendBytes' must be from 1 to 4MiB, not '5MiB'
          limits: {colour: red}            | line 7: unknown key 'limits.colour'
          limits: 7                        | line 7: 'limits' must be a section, not a value
          tuning: {drain: 2}               | line 7: 'tuning.drain' must be a duration, such as 500ms, 2s or 1m, not '2'
          tuning: {drain: 11m}             | line 7: 'tuning.drain' must be from 0s to 10m, not '11m'
          tuning: {electionTimeoutMin: 2s, electionTimeoutMax: 1s} | line 7: 'tuning.electionTimeoutMax': it must not be less
          listen: here                     | line 7: 'listen': not HOST:PORT: 'here'
          adminListen: 4522                | line 7: 'adminListen': not HOST:PORT: '4522'
          listen: [a, b]                   | line 7: 'listen' must be a value, not a list
          nodeId: n1                       | line 7: 'nodeId' is set twice
          '"unclosed'                      | not YAML: while scanning a quoted scalar in
          """)
  void whatCannotBeIsRefusedWithItsPlace(String line, String message) {
    assertThatThrownBy(() -> NodeConfigFile.parse(LEAST + line + "\n"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void theAdminPortIsOnLoopbackUnlessToldOtherwise() {
    assertThat(NodeConfigFile.parse(LEAST).admin().listen())
        .contains(new HostAndPort("127.0.0.1", 0));
    assertThat(NodeConfigFile.parse(LEAST + "adminListen: none\n").admin().listen()).isEmpty();
  }

  @Test
  void whatIsMissingIsNamed() {
    assertThatThrownBy(() -> NodeConfigFile.parse(""))
        .hasMessage("line 1: 'nodeId' is required; set it there, or with VARVE_NODE_ID or --set");
    assertThatThrownBy(() -> NodeConfigFile.parse("nodeId: n1\ndataDirectory: /d\n"))
        .hasMessageStartingWith("line 1: 'members' is required; set it there, or with VARVE_MEM");
    assertThatThrownBy(
            () -> NodeConfigFile.parse("nodeId: n1\ndataDirectory: /d\nmembers:\n  - id: n1\n"))
        .hasMessage("line 4: 'members[0].peerAddress' is required");
    assertThatThrownBy(() -> NodeConfigFile.parse(LEAST.replace("nodeId: n1", "nodeId: n9")))
        .hasMessage("line 1: 'nodeId': 'n9' is not a member; the members are n1");
    assertThatThrownBy(() -> NodeConfigFile.parse("just text"))
        .hasMessage("line 1: expected keys, found a value");
  }

  @Test
  void membersAreChecked() {
    String twice = LEAST + "  - {id: n1, peerAddress: 'h:1', clientAddress: 'h:2'}\n";
    assertThatThrownBy(() -> NodeConfigFile.parse(twice))
        .hasMessage("line 7: 'members[1].id': 'n1' occurs twice");
    String port = LEAST + "  - {id: n2, peerAddress: 'h:70000', clientAddress: 'h:2'}\n";
    assertThatThrownBy(() -> NodeConfigFile.parse(port))
        .hasMessageStartingWith("line 7: 'members[1].peerAddress': the port is not 1 to 65535");
    String id = LEAST + "  - {id: 'n 2', peerAddress: 'h:1', clientAddress: 'h:2'}\n";
    assertThatThrownBy(() -> NodeConfigFile.parse(id))
        .hasMessageStartingWith("line 7: 'members[1].id': an id has 1 to 64 characters");
  }

  @Test
  void aFileIsNamedInItsErrors(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("node.yaml");
    assertThatThrownBy(() -> NodeConfig.load(file)).hasMessageStartingWith("cannot read " + file);
    Files.writeString(file, "nodeId: n1\n");
    assertThatThrownBy(() -> NodeConfig.load(file))
        .hasMessageStartingWith(file + ": line 1: 'dataDirectory' is required");
    Files.writeString(file, LEAST);
    assertThat(NodeConfig.load(file).nodeId()).isEqualTo("n1");
  }
}
