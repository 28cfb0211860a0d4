package io.varve.node;

import static io.varve.node.Requests.append;
import static io.varve.node.Requests.request;
import static io.varve.node.Requests.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.grpc.ManagedChannel;
import io.varve.node.cluster.HostAndPort;
import io.varve.node.cluster.TestCluster;
import io.varve.node.metrics.ExpositionCheck;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.proto.v1.SubscribeResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a real node serves on its admin port, against what docs/metrics.md says of it. */
@Timeout(120)
class MetricsPageTest {

  private static final Path PAGE = Path.of("..", "docs", "metrics.md");
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `([a-z0-9_]+)` \\| (counter|gauge|histogram)([^|]*) \\|");
  private static final Pattern LABEL = Pattern.compile("`([a-z_]+)`");
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private record Documented(String type, Set<String> labels) {}

  @TempDir private static Path directory;
  private static VarveNode node;
  private static ManagedChannel channel;
  private static String text;
  private static ExpositionCheck served;

  @BeforeAll
  @Timeout(120)
  static void useANode() throws Exception {
    NodeConfig config =
        NodeConfig.of("n1", directory, List.of(TestCluster.newMember("n1")))
            .withRaft(
                tuning ->
                    tuning.withElectionTimeout(
                        TestCluster.STEADY.electionTimeoutMin(),
                        TestCluster.STEADY.electionTimeoutMax()));
    node = VarveNode.start(config);
    while (get("/ready").statusCode() != 200) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    channel = LocalNode.connect(config.listen().text());
    LogServiceGrpc.LogServiceBlockingStub stub =
        LogServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    for (int i = 0; i < 3; i++) {
      assertThat(stub.append(request(append("a", "T"))).hasAppended()).isTrue();
    }
    assertThat(
            stub.append(
                    request(append("a", "T").toBuilder().addConditions(version("a", 7)).build()))
                .hasConflict())
        .isTrue();
    stub.getHead(GetHeadRequest.getDefaultInstance());
    stub.read(ReadRequest.getDefaultInstance()).forEachRemaining(read -> {});
    Iterator<SubscribeResponse> subscription =
        stub.subscribe(SubscribeRequest.getDefaultInstance());
    assertThat(subscription.next().getBatch().getEventsCount()).isEqualTo(3);
    assertThat(subscription.next().hasCaughtUp()).isTrue();
    // An append is answered before it is counted, and its conditions are counted last.
    do {
      HttpResponse<String> response = get("/metrics");
      assertThat(response.statusCode()).isEqualTo(200);
      text = response.body();
      served = ExpositionCheck.of(text);
    } while (served.value("varve_append_conditions_failed_total{kind=\"expected_version\"}") == 0);
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    node.close();
  }

  @Test
  void whatIsServedIsDocumentedAndWhatIsDocumentedIsServed() throws IOException {
    Map<String, Documented> documented = new TreeMap<>();
    for (Matcher row = ROW.matcher(Files.readString(PAGE)); row.find(); ) {
      Set<String> labels = new TreeSet<>();
      for (Matcher label = LABEL.matcher(row.group(3)); label.find(); ) {
        labels.add(label.group(1));
      }
      assertThat(documented.put(row.group(1), new Documented(row.group(2), labels)))
          .as("documented twice: " + row.group(1))
          .isNull();
    }

    assertThat(documented.keySet()).isEqualTo(new TreeSet<>(served.families().keySet()));
    served
        .families()
        .forEach(
            (name, family) -> {
              assertThat(documented.get(name).type()).as(name).isEqualTo(family.type());
              if (family.samples() > 0) {
                assertThat(documented.get(name).labels()).as(name).isEqualTo(family.labels());
              }
            });
  }

  @Test
  void theTextIsWhatPrometheusReads() {
    assertThat(served.problems()).isEmpty();
  }

  /** The judge itself, where it is installed. */
  @Test
  void promtoolFindsNoFault() throws Exception {
    assumeTrue(
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":"))
            .anyMatch(at -> Files.isExecutable(Path.of(at, "promtool"))),
        "promtool is not installed");
    Process promtool =
        new ProcessBuilder("promtool", "check", "metrics").redirectErrorStream(true).start();
    promtool.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    promtool.getOutputStream().close();
    String said = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(promtool.waitFor()).as(said).isZero();
    assertThat(said).isEmpty();
  }

  /** Of every concern one figure that only the calls above explain. */
  @Test
  void theFiguresAreThoseOfWhatWasDone() {
    assertThat(served.value("varve_appends_total{outcome=\"appended\"}")).isEqualTo(3);
    assertThat(served.value("varve_appends_total{outcome=\"conflict\"}")).isEqualTo(1);
    assertThat(served.value("varve_append_conditions_failed_total{kind=\"expected_version\"}"))
        .isEqualTo(1);
    assertThat(served.value("varve_append_conditions_failed_total{kind=\"concurrency_scope\"}"))
        .isZero();
    assertThat(served.value("varve_append_seconds_count")).isEqualTo(4);
    assertThat(served.value("varve_append_seconds_sum")).isGreaterThan(0);
    assertThat(served.value("varve_append_entry_appends_sum")).isEqualTo(4);
    assertThat(served.value("varve_append_entries_total{result=\"applied\"}")).isEqualTo(4);
    assertThat(served.value("varve_append_queue_appends")).isZero();
    assertThat(served.value("varve_append_held_appends")).isZero();
    assertThat(served.value("varve_log_head_position")).isEqualTo(3);
    assertThat(served.value("varve_apply_seconds_count")).isGreaterThanOrEqualTo(5);
    assertThat(served.value("varve_raft_role{role=\"leader\"}")).isEqualTo(1);
    assertThat(served.value("varve_raft_role{role=\"follower\"}")).isZero();
    assertThat(served.value("varve_raft_leader_known")).isEqualTo(1);
    assertThat(served.value("varve_raft_voters")).isEqualTo(1);
    assertThat(served.value("varve_raft_apply_lag_entries")).isZero();
    assertThat(served.value("varve_raft_log_syncs_total")).isGreaterThan(3);
    assertThat(served.value("varve_raft_log_sync_p99_seconds")).isBetween(0.0, 10.0);
    assertThat(served.value("varve_raft_elections_total")).isGreaterThanOrEqualTo(1);
    assertThat(served.value("varve_read_index_seconds_count")).isGreaterThanOrEqualTo(2);
    assertThat(served.value("varve_read_events_total{kind=\"read\"}")).isEqualTo(3);
    assertThat(served.value("varve_read_events_total{kind=\"subscription\"}")).isEqualTo(3);
    assertThat(served.value("varve_streams_open{kind=\"subscription\"}")).isEqualTo(1);
    assertThat(served.value("varve_subscription_lag_max_positions")).isZero();
    assertThat(
            served.value(
                "varve_grpc_calls_total{service=\"varve.v1.LogService\",method=\"Append\","
                    + "code=\"OK\"}"))
        .isEqualTo(4);
    assertThat(
            served.value(
                "varve_grpc_call_seconds_count{service=\"varve.v1.LogService\","
                    + "method=\"GetHead\"}"))
        .isEqualTo(1);
    assertThat(
            served.value(
                "varve_grpc_calls_open{service=\"varve.v1.LogService\",method=\"Subscribe\"}"))
        .isEqualTo(1);
    assertThat(served.value("varve_store_memtable_bytes")).isGreaterThan(0);
    assertThat(served.value("varve_store_block_cache_capacity_bytes")).isGreaterThan(0);
    assertThat(served.value("varve_store_column_family_keys{column_family=\"events\"}"))
        .isEqualTo(3);
    assertThat(served.value("varve_data_free_bytes")).isGreaterThan(0);
    assertThat(served.value("jvm_memory_used_bytes{area=\"heap\"}")).isGreaterThan(0);
    assertThat(served.value("process_resident_memory_bytes")).isGreaterThan(1 << 20);
    assertThat(served.value("varve_node_ready")).isEqualTo(1);
    assertThat(text).contains("varve_node_info{node=\"n1\",java=\"");
  }

  @Test
  void theAdminPortIsWhereTheNodeSays() {
    assertThat(node.adminAddress().map(HostAndPort::host)).contains("127.0.0.1");
    assertThat(text.lines().filter(line -> line.startsWith("# TYPE")).collect(Collectors.toSet()))
        .hasSize(served.families().size());
  }

  private static HttpResponse<String> get(String path) throws Exception {
    HostAndPort at = node.adminAddress().orElseThrow();
    return HTTP.send(
        HttpRequest.newBuilder(URI.create("http://" + at.text() + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
