package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpResponse;
import io.varve.client.ListSourcesOptions;
import io.varve.client.SourceState;
import io.varve.client.SourcesPage;
import io.varve.gateway.cluster.Cluster;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** {@code GET /v1/sources}: sources by name, and where each stands. */
final class SourcesEndpoint implements Endpoint {
  private static final int DEFAULT_LIMIT = 256;

  private final Cluster cluster;

  SourcesEndpoint(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public CompletableFuture<HttpResponse> answer(Exchange exchange) {
    Query query = exchange.query();
    String prefix = query.text("prefix").orElse("");
    Access.requireReadPrefix(exchange.caller(), prefix, "prefix");
    ListSourcesOptions options =
        ListSourcesOptions.builder()
            .prefix(prefix)
            .afterSource(query.text("after").orElse(""))
            .pageSize(
                (int)
                    query
                        .number("limit", 1, ListSourcesOptions.MAX_PAGE_SIZE)
                        .orElse(DEFAULT_LIMIT))
            .consistency(query.consistency(false))
            .build();
    return cluster.call(
        exchange.expectedIdentity(),
        client ->
            client
                .listSourcesPageAsync(options)
                .thenApply(page -> answer(exchange, client.logIdentity().orElseThrow(), page)));
  }

  private static HttpResponse answer(Exchange exchange, UUID identity, SourcesPage page) {
    // A grant such as "_" covers names that are the gateway's own; those it does not.
    List<SourceState> shown =
        page.sources().stream()
            .filter(state -> Access.mayRead(exchange.caller(), state.source()))
            .toList();
    return Answers.json(
        identity,
        Answers.object(
            identity,
            out -> {
              out.writeNumberField("head", page.head());
              out.writeArrayFieldStart("sources");
              for (SourceState state : shown) {
                out.writeStartObject();
                out.writeStringField("source", state.source());
                out.writeNumberField("version", state.version());
                out.writeNumberField("lastPosition", state.lastPosition());
                out.writeEndObject();
              }
              out.writeEndArray();
              out.writeBooleanField("more", page.next().isPresent());
              out.writeStringField(
                  "next", page.next().map(ListSourcesOptions::afterSource).orElse(""));
            }));
  }
}
