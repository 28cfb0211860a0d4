package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpResponse;
import io.varve.gateway.cluster.Cluster;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** {@code GET /v1/origin}: how far a client's buffer has landed. */
final class OriginEndpoint implements Endpoint {
  private final Cluster cluster;

  OriginEndpoint(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public CompletableFuture<HttpResponse> answer(Exchange exchange) {
    String bufferId = exchange.query().required("bufferId");
    String clientId = exchange.caller().origin(exchange.query().name("clientId"));
    var consistency = exchange.query().consistency(false);
    return cluster.call(
        exchange.expectedIdentity(),
        client ->
            client
                .originProgressAsync(clientId, bufferId, consistency)
                .thenApply(
                    progress -> {
                      UUID identity = client.logIdentity().orElseThrow();
                      return Answers.json(
                          identity,
                          Answers.object(
                              identity,
                              out -> {
                                out.writeStringField("clientId", clientId);
                                out.writeStringField("bufferId", bufferId);
                                out.writeNumberField("landedThrough", progress.lastSequence());
                                out.writeNumberField("head", progress.head());
                              }));
                    }));
  }
}
