package io.varve.gateway.sse;

import static io.varve.gateway.sse.TestGateway.OPEN;
import static io.varve.gateway.sse.TestGateway.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.client.ClientFactory;
import io.varve.client.AppendResult.Appended;
import io.varve.client.Bytes;
import io.varve.client.NewEvent;
import io.varve.testkit.EmbeddedVarve;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SlowClientsTest {
  private static final int EVENT_BYTES = 16 << 10;

  private static EmbeddedVarve varve;

  @BeforeAll
  static void start() {
    varve = EmbeddedVarve.start();
  }

  @AfterAll
  static void stop() {
    varve.close();
  }

  private static long append(String source) {
    Bytes data = Bytes.utf8("\"" + "x".repeat(EVENT_BYTES) + "\"");
    return ((Appended) varve.client().append(NewEvent.builder(source, "T").data(data).build()))
        .lastPosition();
  }

  @Test
  void whoTakesNothingHoldsLittleHereSlowsNobodyAndMissesNothing() {
    long budget = 1 << 20;
    StreamOptions options =
        StreamOptions.defaults()
            .withBufferBytes(budget, 64 << 10)
            .withRingBytes(512 << 10)
            // They are read one after the other, each when it is its turn.
            .withStallLimit(Duration.ofMinutes(30));
    try (ClientFactory factory = TestGateway.clientFactory();
        TestGateway gateway = new TestGateway(() -> varve.clientBuilder().build(), OPEN, options)) {
      List<SseClient> slow = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        slow.add(new Http1Sse(gateway.port(), "?source=a&after=head", 1024));
        slow.get(i).next("caught-up");
      }
      List<Http2Sse> paused = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        paused.add(Http2Sse.paused(factory, gateway.port(), "?source=a&after=head"));
      }
      slow.addAll(paused);
      Http1Sse fast = new Http1Sse(gateway.port(), "?source=a&after=head");
      fast.next("caught-up");
      await(
          "all have begun to follow",
          () ->
              gateway.gauge("varve_gateway_streams_open") == 10
                  && gateway.gauge("varve_gateway_streams_behind") == 0);

      // As many bytes as no socket's buffers hold.
      List<Long> positions = new ArrayList<>();
      long most = 0;
      while (positions.size() < 1_200) {
        positions.add(append("a"));
        assertThat(fast.positions(1)).containsExactly(positions.get(positions.size() - 1));
        most = Math.max(most, gateway.gauge("varve_gateway_stream_buffer_bytes"));
      }
      await("all of them lag", () -> gateway.gauge("varve_gateway_streams_behind") == 9);
      assertThat(most).isBetween(1L, budget + 10 * 2 * EVENT_BYTES);

      paused.forEach(Http2Sse::resume);
      for (SseClient client : slow) {
        assertThat(client.positions(positions.size())).isEqualTo(positions);
        client.close();
      }
      fast.close();
      await("nothing is left", () -> gateway.gauge("varve_gateway_stream_buffer_bytes") == 0);
    }
  }

  @Test
  void whoTookNothingIsToldWhenItHasCaughtUpAgain() {
    StreamOptions options = StreamOptions.defaults().withBufferBytes(1 << 20, 64 << 10);
    try (TestGateway gateway = new TestGateway(() -> varve.clientBuilder().build(), OPEN, options);
        Http1Sse client = new Http1Sse(gateway.port(), "?source=b&after=head", 1024);
        Http1Sse fast = new Http1Sse(gateway.port(), "?source=b&after=head")) {
      client.next("caught-up");
      fast.next("caught-up");
      long last = 0;
      // As many bytes as no socket's buffers hold, so that it is behind until it is read.
      for (int i = 0; i < 1_200; i++) {
        last = append("b");
        assertThat(fast.positions(1)).containsExactly(last);
      }
      await("it lags", () -> gateway.gauge("varve_gateway_streams_behind") == 1);
      long behind = last;
      // It may have fallen behind before, and have been told that it had caught up from that.
      assertThat(
              client.until(said -> said.event().equals("caught-up") && said.position() >= behind))
          .isPresent();
      long live = append("b");
      assertThat(client.positions(1)).containsExactly(live);
    }
  }

  @Test
  void whoTakesNothingForTooLongLosesItsConnectionAndResumes() {
    StreamOptions options = StreamOptions.defaults().withStallLimit(Duration.ofSeconds(5));
    try (TestGateway gateway =
        new TestGateway(() -> varve.clientBuilder().build(), OPEN, options)) {
      long from;
      try (Http1Sse client = new Http1Sse(gateway.port(), "?source=c&after=head", 1024)) {
        from = client.next("caught-up").position();
        while (gateway.gauge("varve_gateway_streams_open") == 1) {
          append("c");
        }
      }
      try (Http1Sse client = new Http1Sse(gateway.port(), "?source=c&after=" + from)) {
        Optional<Said> said = client.until(Said::isEvent);
        assertThat(said.orElseThrow().position()).isEqualTo(from + 1);
      }
    }
  }
}
