package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.varve.cli.demo.DemoCluster;
import io.varve.gateway.Gateway;
import io.varve.gateway.GatewayConfig;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.testkit.FreePorts;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(SharedCluster.class)
class BenchGatewayCommandTest {

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"keys, 1", "open, 5"})
  void printsExactlyThePromisedFields(String mode, int events, DemoCluster cluster, Cli cli) {
    long before = head(cli);
    IdentityOptions identity =
        mode.equals("open") ? IdentityOptions.open() : keys(Grants.everything());
    try (Gateway gateway = gateway(cluster, identity)) {
      Cli.Result result =
          cli.run(
              "bench",
              "gateway",
              "--http",
              gateway.uri().toString(),
              "--in-flight",
              "4",
              "--size",
              "64",
              "--events-per-append",
              Integer.toString(events),
              "--followers",
              "3",
              "--seconds",
              "2",
              "--warmup",
              "0.5",
              "--json");

      assertThat(result.err()).isEmpty();
      assertThat(result.exit()).isZero();
      JsonNode answer = result.onlyJson();
      assertThat(answer.properties())
          .extracting(Map.Entry::getKey)
          .containsExactly(
              "scenario",
              "in_flight",
              "size",
              "ops_per_s",
              "events_per_s",
              "p50_us",
              "p99_us",
              "p999_us",
              "max_us",
              "errors",
              "conflicts",
              "delivery_p50_us",
              "delivery_p99_us");
      assertThat(answer.get("scenario").asText()).isEqualTo("gateway");
      assertThat(answer.get("in_flight").asInt()).isEqualTo(4);
      assertThat(answer.get("size").asInt()).isEqualTo(64);
      assertThat(answer.get("ops_per_s").asLong()).isPositive();
      assertThat(answer.get("events_per_s").asDouble() / answer.get("ops_per_s").asDouble())
          .isBetween(events * 0.7, events * 1.3);
      assertThat(
              List.of(
                  answer.get("p50_us"),
                  answer.get("p99_us"),
                  answer.get("p999_us"),
                  answer.get("max_us")))
          .extracting(JsonNode::asLong)
          .isSorted()
          .allMatch(micros -> micros > 0);
      assertThat(answer.get("delivery_p50_us").asLong()).isPositive();
      assertThat(answer.get("delivery_p99_us").asLong())
          .isGreaterThanOrEqualTo(answer.get("delivery_p50_us").asLong());
      assertThat(answer.get("errors").asInt()).isZero();
      assertThat(answer.get("conflicts").asInt()).isZero();
      assertThat(head(cli) - before).isGreaterThan(answer.get("events_per_s").asLong());
    }
  }

  @Test
  void everyClientHasASourceThatItMayAppendTo(DemoCluster cluster, Cli cli) {
    long before = head(cli);
    IdentityOptions identity = keys(new Grants(List.of("b/{client}/"), List.of("b/{client}/")));
    try (Gateway gateway = gateway(cluster, identity)) {
      assertThat(
              cli.run(
                      "bench",
                      "gateway",
                      "--http",
                      gateway.uri().toString(),
                      "--in-flight",
                      "2",
                      "--events-per-append",
                      "3",
                      "--followers",
                      "0",
                      "--seconds",
                      "0.5",
                      "--warmup",
                      "0")
                  .exit())
          .isZero();
    }
    for (JsonNode event : benchEvents(cli, before)) {
      assertThat(event.get("source").asText())
          .startsWith("b/" + event.get("clientId").asText() + "/bench-");
    }
    assertThat(landed(cli, before))
        .hasSize(2)
        .allSatisfy((client, n) -> assertThat(n % 3).isZero());
  }

  /** Its clients go on where they were, and what is sent again lands once. */
  @Test
  void aGatewayThatGoesAndComesCostsErrorsAndNothingElse(DemoCluster cluster, Cli cli)
      throws Exception {
    long before = head(cli);
    IdentityOptions identity = keys(Grants.everything());
    int port;
    Cli.Running bench;
    try (Gateway first = gateway(cluster, identity)) {
      port = first.port();
      bench =
          cli.start(
              "bench",
              "gateway",
              "--http",
              first.uri().toString(),
              "--in-flight",
              "3",
              "--followers",
              "2",
              "--seconds",
              "15",
              "--warmup",
              "0",
              "--json");
      Eventually.holds(() -> landed(cli, before).size() == 3 || bench.result().isDone());
      assertThat(bench.result()).as(bench::err).isNotDone();
    }
    InetSocketAddress again = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    long between = head(cli);
    try (Gateway second = Gateway.start(config(cluster, identity).withListen(again))) {
      Eventually.holds(() -> head(cli) > between || bench.result().isDone());
      Cli.Result result = bench.result().get(60, TimeUnit.SECONDS);

      assertThat(second.port()).isEqualTo(port);
      assertThat(result.exit()).as(result.err()).isZero();
      assertThat(result.onlyJson().get("errors").asLong()).isPositive();
    }
    assertThat(landed(cli, before)).hasSize(3);
  }

  @Test
  void forPeopleItIsReadable(DemoCluster cluster, Cli cli) {
    try (Gateway gateway = gateway(cluster, IdentityOptions.open())) {
      assertThat(
              cli.run(
                      "bench",
                      "gateway",
                      "--http",
                      gateway.uri().toString(),
                      "--in-flight",
                      "1",
                      "--followers",
                      "1",
                      "--seconds",
                      "0.5",
                      "--warmup",
                      "0")
                  .out())
          .contains(" pushes/s (")
          .contains(" deliveries/s to 1 followers, ms: p50 ")
          .contains("latency ms: p50 ")
          .contains("errors 0, conflicts 0");
    }
  }

  @Test
  void aGatewayThatLetsNobodyInSaysSo(DemoCluster cluster, Cli cli) {
    try (Gateway gateway =
        gateway(cluster, keys(Grants.everything()).withSelfRegistration(false))) {
      Cli.Result result = cli.run("bench", "gateway", "--http", gateway.uri().toString());

      assertThat(result.exit()).isEqualTo(1);
      assertThat(result.err())
          .startsWith("varve: the gateway gives a new client no token: 403 CLIENT_UNKNOWN: ")
          .contains("keys may not register themselves here");
    }
    try (Gateway gateway = gateway(cluster, keys(new Grants(List.of("mine/"), List.of("mine/"))))) {
      Cli.Result result = cli.run("bench", "gateway", "--http", gateway.uri().toString());

      assertThat(result.exit()).isEqualTo(1);
      assertThat(result.err()).contains("set 'identity.read'").contains("or --followers 0");
    }
  }

  @Test
  void whereNoGatewayAnswersItSaysSo(DemoCluster cluster, Cli cli) throws Exception {
    int nobody = FreePorts.next();

    Cli.Result nothing = cli.run("bench", "gateway", "--http", "http://127.0.0.1:" + nobody);
    Cli.Result node =
        cli.run("bench", "gateway", "--http", "http://" + cluster.ports().adminAddress(0));

    assertThat(nothing.exit()).isEqualTo(4);
    assertThat(nothing.err()).contains("no gateway answers at http://127.0.0.1:" + nobody);
    assertThat(node.exit()).isEqualTo(1);
    assertThat(node.err()).contains("is no gateway: 404");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--http 127.0.0.1:4709",
        "--http http://127.0.0.1:4709/canvas/",
        "--http ftp://h",
        "--followers -1",
        "--in-flight 0",
        "--size 1048576 --events-per-append 5",
        "--seconds 0",
        "--deadline 0"
      })
  void whatCannotBeIsAUsageError(String flags, Cli cli) {
    assertThat(cli.run(("bench gateway " + flags).split(" ", -1)).exit()).isEqualTo(2);
  }

  private IdentityOptions keys(Grants grants) {
    return IdentityOptions.keys(directory.resolve("keys.json"))
        .withCreateSigningKeys(true)
        .withSelfRegistration(true)
        .withDefaultGrants(grants);
  }

  private static Gateway gateway(DemoCluster cluster, IdentityOptions identity) {
    return Gateway.start(config(cluster, identity));
  }

  private static GatewayConfig config(DemoCluster cluster, IdentityOptions identity) {
    return GatewayConfig.of(List.of(cluster.ports().clientAddresses().split(",", -1)), identity)
        .withDrain(Duration.ofSeconds(1));
  }

  private static List<JsonNode> benchEvents(Cli cli, long after) {
    return cli.run(
            "read",
            "--json",
            "--from",
            Long.toString(after + 1),
            "--filter",
            "{\"anyOf\":[{\"sourceType\":\"Bench\"}]}")
        .json();
  }

  /** How many numbers of each client's buffer have landed: each once, and in order. */
  private static Map<String, Long> landed(Cli cli, long after) {
    Map<String, Long> last = new HashMap<>();
    for (JsonNode event : benchEvents(cli, after)) {
      String client = event.get("clientId").asText();
      assertThat(event.get("clientSeq").asLong()).isEqualTo(last.getOrDefault(client, 0L) + 1);
      last.merge(client, 1L, Long::sum);
    }
    return last;
  }

  private static long head(Cli cli) {
    return cli.run("head", "--json").onlyJson().get("head").asLong();
  }
}
