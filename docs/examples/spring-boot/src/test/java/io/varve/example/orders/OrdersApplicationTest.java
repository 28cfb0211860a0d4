package io.varve.example.orders;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.testkit.EmbeddedVarve;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The whole service, over HTTP, against a node in this process. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class OrdersApplicationTest {

  // snippet: spring
  private static final EmbeddedVarve VARVE = EmbeddedVarve.start();

  /** Before Spring makes its beans. */
  @DynamicPropertySource
  static void whereTheNodeIs(DynamicPropertyRegistry properties) {
    properties.add("varve.target", VARVE::target);
  }

  @AfterAll
  static void stopTheNode() {
    VARVE.close();
  }

  // end

  private final HttpClient http = HttpClient.newHttpClient();

  @Value("${local.server.port}")
  private int port;

  @Test
  void placesAnOrderAndReadsItBack() throws Exception {
    assertThat(post("/products/pie/stock", "{\"quantity\": 3}").body())
        .isEqualTo("{\"product\":\"pie\",\"quantity\":3}");

    HttpResponse<String> placed = put("/orders/o-1", "{\"product\": \"pie\", \"quantity\": 2}");

    assertThat(placed.statusCode()).isEqualTo(201);
    assertThat(placed.body()).contains("\"order\":\"o-1\"", "\"quantity\":2", "\"position\":");
    assertThat(get("/orders/o-1").body()).isEqualTo(placed.body());
    assertThat(get("/products/pie/stock").body()).contains("\"quantity\":1");
    assertThat(get("/orders/o-2").statusCode()).isEqualTo(404);
  }

  @Test
  void refusesWhatIsNotThereAndWhatWasPlacedBefore() throws Exception {
    post("/products/cake/stock", "{\"quantity\": 1}");
    String one = "{\"product\": \"cake\", \"quantity\": 1}";
    assertThat(put("/orders/c-1", one).statusCode()).isEqualTo(201);

    HttpResponse<String> again = put("/orders/c-1", one);
    assertThat(again.statusCode()).isEqualTo(409);
    assertThat(again.body()).contains("there is an order c-1");

    HttpResponse<String> none = put("/orders/c-2", one);
    assertThat(none.statusCode()).isEqualTo(409);
    assertThat(none.body()).contains("only 0 of cake left");

    assertThat(put("/orders/c-3", "{\"product\": \"cake\", \"quantity\": 0}").statusCode())
        .isEqualTo(400);
  }

  @Test
  void sellsTheLastPiecesOnceHoweverManyWantThem() throws Exception {
    post("/products/tart/stock", "{\"quantity\": 3}");
    List<CompletableFuture<HttpResponse<String>>> orders = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String body = "{\"product\": \"tart\", \"quantity\": 1}";
      HttpRequest request = request("/orders/t-" + i).PUT(BodyPublishers.ofString(body)).build();
      orders.add(http.sendAsync(request, BodyHandlers.ofString()));
    }
    long placed =
        orders.stream()
            .map(order -> order.join().statusCode())
            .filter(status -> status == 201)
            .count();

    // One that was overtaken too often is told to try again, so there may be fewer.
    assertThat(placed).isBetween(1L, 3L);
    assertThat(get("/products/tart/stock").body()).contains("\"quantity\":" + (3 - placed));
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return http.send(request(path).GET().build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path, String json)
      throws IOException, InterruptedException {
    return http.send(
        request(path).POST(BodyPublishers.ofString(json)).build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> put(String path, String json)
      throws IOException, InterruptedException {
    return http.send(
        request(path).PUT(BodyPublishers.ofString(json)).build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
        .timeout(Duration.ofMinutes(1))
        .header("Content-Type", "application/json");
  }
}
