package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import io.varve.gateway.Gateway;
import io.varve.gateway.TestCallers;
import io.varve.gateway.TestGateway;
import io.varve.testkit.EmbeddedVarve;
import io.varve.testkit.VarveTest;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** A gateway before a real node, and a plain HTTP client of it. */
@VarveTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RouteTest {

  /** May read and append to {@code mine/…} and read {@code shared/…}. */
  static final String DEVICE = "device-1";

  /** May do nothing. */
  static final String NOBODY = "nobody";

  VarveClient log;
  Gateway gateway;
  Http http;

  @BeforeAll
  void startGateway(EmbeddedVarve varve) {
    log = varve.client();
    gateway = TestGateway.start(varve.target(), callers());
    http = new Http(gateway.uri());
  }

  @AfterAll
  void stopGateway() {
    gateway.close();
  }

  static TestCallers callers() {
    return new TestCallers()
        .client(DEVICE, List.of("mine/", "shared/", "_varve/"), List.of("mine/", "_varve/"))
        .client(NOBODY, List.of(), List.of());
  }

  /** A source of the test's own. */
  static String fresh(String prefix) {
    return prefix + UUID.randomUUID();
  }

  long append(String source, String type, String data) {
    return log.append(NewEvent.builder(source, type).data(data).build()).orThrow().lastPosition();
  }

  static void assertProblem(Http.Answer answer, int status, String code, String field) {
    assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
    assertThat(answer.header("content-type")).startsWith("application/problem+json");
    JsonNode problem = answer.json();
    assertThat(problem.path("code").asText()).as(answer.toString()).isEqualTo(code);
    assertThat(problem.path("field").asText()).as(answer.toString()).isEqualTo(field);
    assertThat(problem.path("status").asInt()).isEqualTo(status);
    assertThat(problem.path("title").asText()).isNotEmpty();
    assertThat(problem.path("detail").asText()).isNotEmpty();
  }
}
