package io.varve.gateway.http;

import com.codahale.metrics.Snapshot;
import com.codahale.metrics.Timer;
import com.fasterxml.jackson.core.JsonGenerator;
import com.linecorp.armeria.common.HttpResponse;
import io.varve.client.ReadConsistency;
import io.varve.client.json.Json;
import io.varve.gateway.cluster.Cluster;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * {@code GET /v1/stats}: the gateway's own figures, and each node's. Taken at most once a second
 * however many ask; rates are over the time since they were taken last, and left out the first
 * time. Thread-safe.
 */
final class StatsEndpoint implements Endpoint {
  private static final double MICROS = 1e3;

  private final Cluster cluster;
  private final Figures figures;
  private final Waiters waiters;
  private final NodeScraper scraper;
  private final Instant started = Instant.now();
  private final Shared<String> taken;
  private Totals before = new Totals(0, 0, 0, 0, 0, 0);

  StatsEndpoint(Cluster cluster, Figures figures, Waiters waiters, NodeScraper scraper) {
    this.cluster = cluster;
    this.figures = figures;
    this.waiters = waiters;
    this.scraper = scraper;
    this.taken = new Shared<>(this::take);
  }

  @Override
  public CompletableFuture<HttpResponse> answer(Exchange exchange) {
    exchange.caller().requireReadEverything("to see statistics");
    return cluster
        .call(exchange.expectedIdentity(), client -> taken.get())
        .thenCombine(cluster.identity(), (fields, identity) -> answer(identity, fields));
  }

  private static HttpResponse answer(UUID identity, String fields) {
    return Answers.json(identity, Answers.withIdentity(identity, fields));
  }

  private CompletableFuture<String> take() {
    return cluster
        .call(client -> client.headAsync(ReadConsistency.local()))
        .thenCombine(scraper.scrape(), (head, nodes) -> write(head.position(), nodes));
  }

  private synchronized String write(long head, List<NodeFigures> nodes) {
    Totals now =
        new Totals(
            System.nanoTime(),
            head,
            figures.runs(),
            figures.pushedEvents(),
            figures.appends() + figures.conflicts(),
            figures.routes().stream().mapToLong(route -> figures.timer(route).getCount()).sum());
    Totals earlier = before;
    before = now;
    return Json.object(
        out -> {
          out.writeStringField("at", Json.time(Instant.now()));
          out.writeNumberField("head", head);
          out.writeObjectFieldStart("gateway");
          gateway(out, now, earlier);
          out.writeEndObject();
          out.writeArrayFieldStart("nodes");
          for (NodeFigures node : nodes) {
            node(out, node);
          }
          out.writeEndArray();
        });
  }

  private void gateway(JsonGenerator out, Totals now, Totals earlier) throws IOException {
    out.writeStringField("started", Json.time(started));
    out.writeNumberField("waiting", waiters.count());
    out.writeObjectFieldStart("totals");
    out.writeNumberField("requests", now.requests());
    out.writeNumberField("pushes", now.runs());
    out.writeNumberField("pushesReplayed", figures.replayedRuns());
    out.writeNumberField("pushedEvents", now.events());
    out.writeNumberField("pushedVoids", figures.pushedVoids());
    out.writeNumberField("appends", figures.appends());
    out.writeNumberField("conflicts", figures.conflicts());
    out.writeEndObject();
    if (earlier.nanos() != 0) {
      double seconds = (now.nanos() - earlier.nanos()) / 1e9;
      out.writeObjectFieldStart("perSecond");
      rate(out, "positions", now.head() - earlier.head(), seconds);
      rate(out, "requests", now.requests() - earlier.requests(), seconds);
      rate(out, "pushes", now.runs() - earlier.runs(), seconds);
      rate(out, "pushedEvents", now.events() - earlier.events(), seconds);
      rate(out, "appends", now.appends() - earlier.appends(), seconds);
      out.writeEndObject();
    }
    out.writeArrayFieldStart("routes");
    for (String route : figures.routes()) {
      Timer timer = figures.timer(route);
      Snapshot took = timer.getSnapshot();
      out.writeStartObject();
      out.writeStringField("route", route);
      out.writeNumberField("count", timer.getCount());
      out.writeNumberField("perSecond", timer.getOneMinuteRate());
      out.writeNumberField("p50Micros", took.getMedian() / MICROS);
      out.writeNumberField("p99Micros", took.get99thPercentile() / MICROS);
      out.writeNumberField("maxMicros", took.getMax() / MICROS);
      out.writeObjectFieldStart("statuses");
      for (Map.Entry<Integer, Long> status : figures.statuses(route).entrySet()) {
        out.writeNumberField(status.getKey().toString(), status.getValue());
      }
      out.writeEndObject();
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  private static void node(JsonGenerator out, NodeFigures node) throws IOException {
    out.writeStartObject();
    out.writeStringField("address", node.address());
    out.writeBooleanField("reachable", node.error().isEmpty());
    if (!node.error().isEmpty()) {
      out.writeStringField("error", node.error());
    } else {
      for (Map.Entry<String, String> word : node.words().entrySet()) {
        out.writeStringField(word.getKey(), word.getValue());
      }
      for (Map.Entry<String, Double> number : node.numbers().entrySet()) {
        number(out, number.getKey(), number.getValue());
      }
      out.writeObjectFieldStart("appends");
      for (Map.Entry<String, Double> outcome : node.appends().entrySet()) {
        number(out, outcome.getKey(), outcome.getValue());
      }
      out.writeEndObject();
    }
    out.writeEndObject();
  }

  private static void rate(JsonGenerator out, String field, long change, double seconds)
      throws IOException {
    out.writeNumberField(field, Math.max(0, change) / seconds);
  }

  /** Counts without a fraction, so that a position does not read as 1.0E7. */
  private static void number(JsonGenerator out, String field, double value) throws IOException {
    if (value == Math.rint(value) && Math.abs(value) < 1L << 53) {
      out.writeNumberField(field, (long) value);
    } else {
      out.writeNumberField(field, value);
    }
  }

  private record Totals(
      long nanos, long head, long runs, long events, long appends, long requests) {}
}
