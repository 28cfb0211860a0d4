package io.varve.gateway.whole;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import io.varve.gateway.Gateway;
import io.varve.gateway.GatewayConfig;
import io.varve.gateway.http.Http;
import io.varve.gateway.identity.Device;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.gateway.pages.ThreeNodes;
import io.varve.gateway.sse.Http1Sse;
import io.varve.gateway.sse.Said;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Streams of clients before a cluster of three nodes: they move from one gateway to another, and
 * stay where they are when nodes go.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GatewayFailoverTest {
  private static final Device DEVICE = new Device();

  private ThreeNodes nodes;
  private VarveClient log;
  private Path keys;
  private final List<Gateway> gateways = new ArrayList<>();
  private String source = "";

  @BeforeAll
  void startNodes(@TempDir Path directory) {
    nodes = ThreeNodes.start(directory.resolve("nodes"));
    log = nodes.client();
    keys = directory.resolve("keys.json");
  }

  @AfterAll
  void stopNodes() {
    log.close();
    nodes.close();
  }

  @BeforeEach
  void newSource() {
    source = "canvas/" + System.nanoTime();
  }

  @AfterEach
  void stopGateways() {
    gateways.forEach(Gateway::close);
    gateways.clear();
  }

  private Gateway startGateway() {
    Gateway gateway =
        Gateway.start(
            GatewayConfig.of(
                    nodes.targets(),
                    IdentityOptions.keys(keys)
                        .withCreateSigningKeys(true)
                        .withSelfRegistration(true)
                        .withDefaultGrants(Grants.everything()))
                .withDeadline(Duration.ofSeconds(20)));
    gateways.add(gateway);
    return gateway;
  }

  private static String token(Gateway gateway) {
    return WholeGatewayTest.token(new Http(gateway.uri()).as(""), DEVICE);
  }

  private Http1Sse stream(Gateway gateway, String token, long lastEventId) {
    Http1Sse stream =
        new Http1Sse(
            gateway.port(),
            "?source=" + Http.encoded(source),
            "Authorization: Bearer " + token,
            "Last-Event-ID: " + lastEventId);
    assertThat(stream.status()).isEqualTo(200);
    return stream;
  }

  private void append(int number) {
    log.append(NewEvent.builder(source, "Painted").data("{\"n\":" + number + "}").build())
        .orThrow();
  }

  private List<Long> positions() {
    try (EventStream events = log.read(ReadOptions.ofSource(source))) {
      return events.stream().map(Event::position).toList();
    }
  }

  /** Appends until it is told to stop; how many. */
  private CompletableFuture<Integer> appending(AtomicBoolean stop) {
    return CompletableFuture.supplyAsync(
        () -> {
          int count = 0;
          while (!stop.get()) {
            append(++count);
          }
          return count;
        });
  }

  @Test
  void aStreamMovesBetweenGatewaysWithoutLossOrDuplicate() {
    List<Gateway> two = List.of(startGateway(), startGateway());
    // Each lets in who showed itself to the other.
    String token = token(two.get(0));
    AtomicBoolean stop = new AtomicBoolean();
    CompletableFuture<Integer> appending = appending(stop);
    List<Long> heard = new ArrayList<>();
    Random random = new Random(7);
    try {
      long last = 0;
      for (int move = 0; move < 30; move++) {
        // Cut without a word, after any number of events, none included.
        try (Http1Sse stream = stream(two.get(move % 2), token, last)) {
          List<Long> some = stream.positions(random.nextInt(20));
          heard.addAll(some);
          last = heard.isEmpty() ? 0 : heard.get(heard.size() - 1);
        }
      }
    } finally {
      stop.set(true);
    }
    int appended = appending.orTimeout(60, TimeUnit.SECONDS).join();
    try (Http1Sse stream = stream(two.get(1), token, heard.get(heard.size() - 1))) {
      heard.addAll(stream.positions(appended - heard.size()));
      assertThat(stream.next("caught-up").position()).isGreaterThanOrEqualTo(heard.get(0));
    }

    assertThat(heard).hasSize(appended).isEqualTo(positions());
  }

  @Test
  void aGatewayThatClosesHandsItsClientsOver() {
    Gateway closing = startGateway();
    Gateway other = startGateway();
    String token = token(closing);
    AtomicBoolean stop = new AtomicBoolean();
    CompletableFuture<Integer> appending = appending(stop);
    int clients = 8;
    List<CompletableFuture<List<Long>>> following = new ArrayList<>();
    try {
      for (int i = 0; i < clients; i++) {
        Http1Sse first = stream(closing, token, 0);
        List<Long> heard = new ArrayList<>(first.positions(3));
        following.add(
            CompletableFuture.supplyAsync(
                () -> {
                  try (first) {
                    boolean told = false;
                    for (Optional<Said> said = first.poll();
                        said.isPresent();
                        said = first.poll()) {
                      if (said.get().isEvent()) {
                        assertThat(told).as("nothing follows the farewell").isFalse();
                        heard.add(said.get().position());
                      } else if (said.get().event().equals("reconnect")) {
                        assertThat(said.get().json().path("reason").asText()).isEqualTo("shutdown");
                        told = true;
                      }
                    }
                    assertThat(told).as("told to reconnect before the end").isTrue();
                  }
                  try (Http1Sse next = stream(other, token, heard.get(heard.size() - 1))) {
                    heard.addAll(next.positions(20));
                  }
                  return heard;
                }));
      }
      closing.close();
      for (CompletableFuture<List<Long>> follower : following) {
        List<Long> heard = follower.orTimeout(120, TimeUnit.SECONDS).join();
        assertThat(heard).isEqualTo(positions().subList(0, heard.size()));
      }
    } finally {
      stop.set(true);
    }
    assertThat(appending.orTimeout(60, TimeUnit.SECONDS).join()).isGreaterThan(20);
  }

  @Test
  void noNodesLossDropsAStream() {
    Gateway gateway = startGateway();
    String token = token(gateway);
    int clients = 5;
    List<Http1Sse> streams = new ArrayList<>();
    List<List<Long>> heard = new ArrayList<>();
    try {
      for (int i = 0; i < clients; i++) {
        Http1Sse stream = stream(gateway, token, 0);
        stream.next("caught-up");
        streams.add(stream);
        heard.add(new ArrayList<>());
      }
      int number = 0;
      // One after the other, so that it is also the one that the gateway follows; the leader first.
      List<String> order = new ArrayList<>(List.of("node-1", "node-2", "node-3"));
      String leader = nodes.leader();
      order.remove(leader);
      order.add(0, leader);
      for (String node : order) {
        nodes.stop(node);
        for (int i = 0; i < 5; i++) {
          append(++number);
        }
        for (int i = 0; i < clients; i++) {
          heard.get(i).addAll(streams.get(i).positions(5));
        }
        // What is pushed through the gateway lands meanwhile, too.
        Http.Answer pushed =
            new Http(gateway.uri())
                .as(token)
                .post(
                    "/v1/push",
                    WholeGatewayTest.run(WholeGatewayTest.fresh("buffer-"), 1, source, ""));
        assertThat(pushed.status()).as(pushed.toString()).isEqualTo(200);
        for (int i = 0; i < clients; i++) {
          heard.get(i).addAll(streams.get(i).positions(1));
        }
        nodes.start(node);
        nodes.awaitReady();
      }
      append(++number);
      for (int i = 0; i < clients; i++) {
        heard.get(i).addAll(streams.get(i).positions(1));
      }
    } finally {
      streams.forEach(Http1Sse::close);
    }
    // Each on the connection that it began with.
    assertThat(heard).hasSize(clients).allSatisfy(one -> assertThat(one).isEqualTo(positions()));
  }
}
