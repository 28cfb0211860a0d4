package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpResponse;
import io.varve.client.Event;
import io.varve.client.LatestOptions;
import io.varve.client.LatestPage;
import io.varve.client.json.EventJson;
import io.varve.gateway.cluster.Cluster;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * {@code GET /v1/latest}: the newest event of each of a source's keys. The log bounds a page's
 * bytes (1 MiB and one event more).
 */
final class LatestEndpoint implements Endpoint {
  private final Cluster cluster;

  LatestEndpoint(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public CompletableFuture<HttpResponse> answer(Exchange exchange) {
    Query query = exchange.query();
    String source = query.required("source");
    Access.requireRead(exchange.caller(), source, "source");
    LatestOptions options =
        LatestOptions.builder(source)
            .keyPrefix(query.text("prefix").orElse(""))
            .afterKey(query.text("afterKey").orElse(""))
            .asOf(query.position("asOf").orElse(0))
            .pageSize(
                (int)
                    query
                        .number("limit", 1, LatestOptions.MAX_PAGE_SIZE)
                        .orElse(LatestOptions.MAX_PAGE_SIZE))
            .consistency(query.consistency(false))
            .build();
    return cluster.call(
        exchange.expectedIdentity(),
        client ->
            client
                .readLatestPageAsync(options)
                .thenApply(
                    page -> answer(exchange, client.logIdentity().orElseThrow(), source, page)));
  }

  private static HttpResponse answer(
      Exchange exchange, UUID identity, String source, LatestPage page) {
    List<Event> events = page.events();
    String lastKey =
        page.next()
            .map(LatestOptions::afterKey)
            .orElse(events.isEmpty() ? "" : events.get(events.size() - 1).key());
    String body =
        Answers.object(
            identity,
            out -> {
              out.writeStringField("source", source);
              out.writeNumberField("asOf", page.asOf());
              out.writeArrayFieldStart("events");
              for (Event event : events) {
                out.writeRawValue(EventJson.write(event));
              }
              out.writeEndArray();
              out.writeBooleanField("more", page.next().isPresent());
              out.writeStringField("lastKey", lastKey);
            });
    return Answers.tagged(
        exchange, identity, Answers.weakTag(body.getBytes(StandardCharsets.UTF_8)), body);
  }
}
