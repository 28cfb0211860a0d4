package io.varve.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.node.cluster.HostAndPort;
import io.varve.node.cluster.MemberConfig;
import io.varve.node.config.ConfigException;
import io.varve.node.config.ConfigKey;
import io.varve.node.config.Overrides;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Flags over the environment over the file. */
class NodeConfigOverridesTest {

  private static final String FILE =
      """
      nodeId: n1
      dataDirectory: /data
      members:
        - {id: n1, peerAddress: '10.0.0.1:4521', clientAddress: '10.0.0.1:4520'}
        - {id: n2, peerAddress: '10.0.0.2:4521', clientAddress: '10.0.0.2:4520'}
      tuning:
        readWorkers: 3
        drain: 7s
      """;

  private static NodeConfig parse(Map<String, String> environment, String... settings) {
    return parse(FILE, environment, settings);
  }

  private static NodeConfig parse(
      String file, Map<String, String> environment, String... settings) {
    Overrides overrides = NodeConfig.overrides().environment(environment);
    for (String setting : settings) {
      overrides.set(setting);
    }
    return NodeConfigFile.parse(file, "node.yaml: ", overrides);
  }

  @Test
  void aFlagWinsOverAVariableAndThatOverTheFile() {
    assertThat(parse(Map.of()).reads().workers()).isEqualTo(3);
    Map<String, String> environment =
        Map.of("VARVE_TUNING_READ_WORKERS", "4", "VARVE_NODE_ID", "n2");
    assertThat(parse(environment).reads().workers()).isEqualTo(4);
    assertThat(parse(environment, "tuning.readWorkers=5").reads().workers()).isEqualTo(5);
    assertThat(parse(environment, "tuning.readWorkers=5", "tuning.readWorkers=6").reads().workers())
        .isEqualTo(6);

    NodeConfig config = parse(environment);
    assertThat(config.nodeId()).isEqualTo("n2");
    assertThat(config.listen()).isEqualTo(new HostAndPort("10.0.0.2", 4520));
    assertThat(config.api().drain()).isEqualTo(Duration.ofSeconds(7));
  }

  @Test
  void theWholeConfigurationMayComeFromElsewhere() {
    NodeConfig config =
        parse(
            "",
            Map.of(
                "VARVE_NODE_ID",
                "varve-1",
                "VARVE_MEMBERS",
                "[{id: varve-0, peerAddress: 'a:1', clientAddress: 'a:2'},"
                    + "{\"id\":\"varve-1\",\"peerAddress\":\"b:1\",\"clientAddress\":\"b:2\"}]"),
            "dataDirectory=/elsewhere",
            "founding.dedupWindow=77");
    assertThat(config.dataDirectory()).isEqualTo(Path.of("/elsewhere"));
    assertThat(config.founding().dedupWindow()).isEqualTo(77);
    assertThat(config.members())
        .isEqualTo(
            List.of(
                new MemberConfig("varve-0", "a:1", "a:2"),
                new MemberConfig("varve-1", "b:1", "b:2")));
  }

  static List<ConfigKey> keys() {
    return NodeConfig.keys();
  }

  /** A value no key takes shows that each is heard, from either side. */
  @ParameterizedTest
  @MethodSource("keys")
  void everyKeyIsHeardFromBothSides(ConfigKey key) {
    String wrong =
        switch (key.path()) {
          case "nodeId" -> "nobody";
          case "dataDirectory" -> "\0";
          default -> "nonsense";
        };
    assertThatThrownBy(() -> parse(Map.of(key.variable(), wrong)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(key.variable() + ": '" + key.path() + "'");
    assertThatThrownBy(() -> parse(Map.of(), key.path() + "=" + wrong))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("--set " + key.path() + ": '" + key.path() + "'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          VARVE_LIMITS_EVENTS           | 0    | VARVE_LIMITS_EVENTS: 'limits.events' must be from 1 to 4096, not '0'
          VARVE_TUNING_DRAIN            | 11m  | VARVE_TUNING_DRAIN: 'tuning.drain' must be from 0s to 10m, not '11m'
          VARVE_LIMITS_APPEND_BYTES     | 5MiB | VARVE_LIMITS_APPEND_BYTES: 'limits.appendBytes' must be from 1 to 4MiB, not '5MiB'
          VARVE_MEMBERS                 | n1   | VARVE_MEMBERS: 'members' must be a list, such as [{id: n1, peer
          VARVE_MEMBERS                 | [{id: n1}] | VARVE_MEMBERS: 'members[0].peerAddress' is required
          VARVE_MEMBERS                 | [{id: n1,  | VARVE_MEMBERS: not YAML:
          VARVE_NODE_ID                 | n9   | VARVE_NODE_ID: 'nodeId': 'n9' is not a member; the members are n1, n2
          VARVE_TUNING_READWORKERS      | 4    | VARVE_TUNING_READWORKERS: no key has this environment variable; did you mean VARVE_TUNING_READ_WORKERS?
          VARVE_NODEID                  | n1   | VARVE_NODEID: no key has this environment variable; did you mean VARVE_NODE_ID?
          VARVE_COMPLETELY_ELSEWHERE    | 4    | VARVE_COMPLETELY_ELSEWHERE: no key has this environment variable; docs/configuration.md
          """)
  void whatAVariableSaysWronglyIsRefusedWithItsName(String name, String value, String message) {
    assertThatThrownBy(() -> parse(Map.of(name, value)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          tuning.readWorker=4 | --set tuning.readWorker: unknown key 'tuning.readWorker'; did you mean 'tuning.readWorkers'?
          nonsense.here=4     | --set nonsense.here: unknown key 'nonsense.here'; docs/configuration.md
          tuning=4            | --set tuning: unknown key 'tuning'
          tuning.readWorkers  | --set tuning.readWorkers: must be KEY=VALUE
          =4                  | --set : must be KEY=VALUE
          tuning.drain=       | --set tuning.drain: 'tuning.drain' must be a duration
          """)
  void whatAFlagSaysWronglyIsRefusedWithIt(String setting, String message) {
    assertThatThrownBy(() -> parse(Map.of(), setting))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "VARVE_TARGET",
        "VARVE_JAVA_OPTS",
        "VARVE_LOG_LEVEL",
        "VARVE_SKIP_BUILD",
        "VARVE_TOKEN",
        "VARVE_HEALTHCHECK_PORT",
        "VARVE_SERVICE_HOST",
        "VARVE_SERVICE_PORT",
        "VARVE_SERVICE_PORT_GRPC",
        "VARVE_PORT",
        "VARVE_PORT_4520_TCP",
        "VARVE_PORT_4520_TCP_ADDR",
        "VARVE_PEERS_SERVICE_HOST",
        "VARVE_PEERS_PORT_4521_TCP_PROTO",
        "OTHER_THING"
      })
  void whatIsNotMeantForTheNodeIsPassedOver(String variable) {
    assertThat(parse(Map.of(variable, "4")).reads().workers()).isEqualTo(3);
  }

  @Test
  void anEmptyVariableSaysNothing() {
    assertThat(parse(Map.of("VARVE_TUNING_READ_WORKERS", " ")).reads().workers()).isEqualTo(3);
  }

  @Test
  void whatTheFileSaysWronglyKeepsItsLineAndWhatIsOverriddenIsNotReadAtAll() {
    String file = FILE.replace("readWorkers: 3", "readWorkers: none");
    assertThatThrownBy(() -> parse(file, Map.of()))
        .hasMessageStartingWith("node.yaml: line 7: 'tuning.readWorkers' must be a whole number");
    assertThat(parse(file, Map.of("VARVE_TUNING_READ_WORKERS", "9")).reads().workers())
        .isEqualTo(9);
    assertThatThrownBy(
            () ->
                parse(
                    FILE.replace("tuning:\n  readWorkers: 3\n  drain: 7s", "tuning: 7"),
                    Map.of("VARVE_TUNING_READ_WORKERS", "9")))
        .hasMessageStartingWith("node.yaml: line 6: 'tuning' must be a section");
    assertThatThrownBy(() -> parse(FILE + "---\nnodeId: n2\n", Map.of()))
        .hasMessage("node.yaml: line 10: a second document begins; one is read");
  }
}
