package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.varve.gateway.Gateway;
import io.varve.gateway.TestGateway;
import io.varve.testkit.EmbeddedVarve;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class StatsEndpointTest extends RouteTest {

  private static String metrics(int appends, int slow, int head) {
    return "# TYPE varve_appends_total counter\n"
        + "varve_appends_total{outcome=\"appended\"} "
        + appends
        + "\nvarve_appends_total{outcome=\"conflict\"} 3\n"
        + "varve_append_seconds_bucket{le=\"0.001\"} "
        + (appends - slow)
        + "\nvarve_append_seconds_bucket{le=\"0.1\"} "
        + appends
        + "\nvarve_append_seconds_bucket{le=\"+Inf\"} "
        + appends
        + "\nvarve_log_head_position "
        + head
        + "\nvarve_raft_term 4\nvarve_node_ready 1\n"
        + "varve_node_info{node=\"n1\",java=\"17\"} 1\n"
        + "varve_raft_role{role=\"leader\"} 1\nvarve_raft_role{role=\"follower\"} 0\n"
        + "process_start_time_seconds 1.7e9\n";
  }

  @Test
  void theGatewaysOwnFiguresCountWhatItDid() {
    String source = fresh("mine/");
    http.as(DEVICE)
        .post(
            "/v1/push",
            "{\"bufferId\":\""
                + fresh("b")
                + "\",\"events\":[{\"clientSeq\":1,\"source\":\""
                + source
                + "\",\"type\":\"T\"},{\"clientSeq\":2,\"void\":true}]}");

    JsonNode stats =
        Eventually.assertThat(
            () -> http.get("/v1/stats").json(),
            answer ->
                answer.at("/gateway/totals/pushes").asInt() == 1
                    && answer.at("/gateway/perSecond").isObject());

    assertThat(stats.at("/gateway/totals/pushedEvents").asInt()).isEqualTo(1);
    assertThat(stats.at("/gateway/totals/pushedVoids").asInt()).isEqualTo(1);
    assertThat(stats.at("/gateway/totals/requests").asInt()).isPositive();
    assertThat(stats.path("nodes")).isEmpty();
    JsonNode push =
        Eventually.assertThat(
            () -> {
              for (JsonNode route : http.get("/v1/stats").json().at("/gateway/routes")) {
                if (route.path("route").asText().equals("push")) {
                  return route;
                }
              }
              return stats.path("none");
            },
            // One is counted after the other.
            route -> route.path("count").asInt() == 1 && route.at("/statuses/200").asInt() == 1);
    assertThat(push.path("p99Micros").asDouble()).isPositive();
  }

  @Test
  void nodesFiguresAreReadFromTheirMetrics(EmbeddedVarve varve) throws IOException {
    AtomicInteger scrapes = new AtomicInteger();
    HttpServer node =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    node.createContext(
        "/metrics",
        exchange -> {
          // Each time the same more than before, as any two may be compared.
          int n = scrapes.getAndIncrement();
          byte[] body =
              metrics(1_000 + 200 * n, 4 * n, 500 + 400 * n).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    node.start();
    String up = "127.0.0.1:" + node.getAddress().getPort();
    String down = "127.0.0.1:1";
    try (Gateway gateway =
        TestGateway.start(
            varve.target(), callers(), config -> config.withAdmin(List.of(up, down)))) {
      Http client = new Http(gateway.uri());

      JsonNode first =
          Eventually.assertThat(
              () -> client.get("/v1/stats").json().path("nodes"),
              nodes -> nodes.path(0).path("reachable").asBoolean());

      assertThat(first.get(0).path("id").asText()).isEqualTo("n1");
      assertThat(first.get(0).path("role").asText()).isEqualTo("leader");
      assertThat(first.get(0).path("head").asLong()).isGreaterThanOrEqualTo(500);
      assertThat(first.get(0).at("/appends/appended").asLong()).isGreaterThanOrEqualTo(1_000);
      assertThat(first.get(0).has("appendsPerSecond")).isFalse();
      assertThat(first.get(1).path("reachable").asBoolean()).isFalse();
      assertThat(first.get(1).path("error").asText()).isNotEmpty();

      JsonNode later =
          Eventually.assertThat(
              () -> client.get("/v1/stats").json().path("nodes").get(0),
              figures -> figures.path("appendP99Micros").isNumber());
      assertThat(later.path("appendsPerSecond").asDouble()).isPositive();
      assertThat(later.path("positionsPerSecond").asDouble()).isPositive();
      // Of each 200 since, 196 took up to 1 ms and 4 up to 100 ms.
      assertThat(later.path("appendP50Micros").asDouble()).isBetween(1.0, 1_000.0);
      assertThat(later.path("appendP99Micros").asDouble()).isBetween(1_000.0, 100_000.0);
      assertThat(scrapes.get()).isGreaterThanOrEqualTo(2);
    } finally {
      node.stop(0);
    }
  }

  @Test
  void statisticsAreForThoseWhoReadEverything() {
    assertProblem(http.as(DEVICE).get("/v1/stats"), 403, "PERMISSION_DENIED", "");
  }
}
