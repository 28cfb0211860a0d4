package io.varve.gateway.http;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import io.varve.gateway.problem.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Reads nodes' figures from their admin ports. Bounded by the number of addresses, 2 s and 1 MiB
 * each. Thread-safe.
 */
final class NodeScraper {
  private static final Duration LIMIT = Duration.ofSeconds(2);
  private static final long MAX_BYTES = 1L << 20;

  private final Map<String, WebClient> nodes = new LinkedHashMap<>();
  private Map<String, Timed> before = Map.of();

  /** A scraper of the nodes at these admin addresses, each {@code HOST:PORT}. */
  NodeScraper(List<String> addresses) {
    for (String address : addresses) {
      nodes.put(
          address,
          WebClient.builder("h1c://" + address)
              .responseTimeout(LIMIT)
              .maxResponseLength(MAX_BYTES)
              .build());
    }
  }

  /** Every node's figures now, and what changed since the last time. Never fails as a whole. */
  CompletableFuture<List<NodeFigures>> scrape() {
    List<CompletableFuture<Map.Entry<String, Scraped>>> all = new ArrayList<>();
    nodes.forEach(
        (address, client) ->
            all.add(
                client
                    .get("/metrics")
                    .aggregate()
                    .thenApply(NodeScraper::samples)
                    .handle(
                        (samples, failure) ->
                            failure == null
                                ? new Scraped(Optional.of(samples), "")
                                : new Scraped(Optional.empty(), reason(failure)))
                    .thenApply(scraped -> Map.entry(address, scraped))));
    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
        .thenApply(done -> figures(all.stream().map(CompletableFuture::join).toList()));
  }

  private synchronized List<NodeFigures> figures(List<Map.Entry<String, Scraped>> all) {
    long now = System.nanoTime();
    List<NodeFigures> figures = new ArrayList<>();
    Map<String, Timed> current = new LinkedHashMap<>();
    for (Map.Entry<String, Scraped> one : all) {
      String address = one.getKey();
      Optional<PrometheusSamples> samples = one.getValue().samples();
      if (samples.isEmpty()) {
        figures.add(NodeFigures.unreachable(address, one.getValue().error()));
        continue;
      }
      current.put(address, new Timed(samples.get(), now));
      Optional<Timed> last = Optional.ofNullable(before.get(address));
      figures.add(
          NodeFigures.of(
              address,
              samples.get(),
              last.map(Timed::samples),
              last.map(timed -> (now - timed.nanos()) / 1e9).orElse(0.0)));
    }
    before = current;
    return figures;
  }

  private static PrometheusSamples samples(AggregatedHttpResponse answer) {
    if (!answer.status().equals(HttpStatus.OK)) {
      throw new IllegalStateException("it answered " + answer.status());
    }
    return PrometheusSamples.parse(answer.contentUtf8());
  }

  private static String reason(Throwable failure) {
    Throwable cause = Problems.unwrap(failure);
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  private record Scraped(Optional<PrometheusSamples> samples, String error) {}

  private record Timed(PrometheusSamples samples, long nanos) {}
}
