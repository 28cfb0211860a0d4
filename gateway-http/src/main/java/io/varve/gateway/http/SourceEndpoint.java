package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpResponse;
import io.varve.gateway.cluster.Cluster;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** {@code GET /v1/source}: where a source stands; its version is its entity tag. */
final class SourceEndpoint implements Endpoint {
  private final Cluster cluster;

  SourceEndpoint(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public CompletableFuture<HttpResponse> answer(Exchange exchange) {
    String source = exchange.query().required("source");
    Access.requireRead(exchange.caller(), source, "source");
    var consistency = exchange.query().consistency(false);
    return cluster.call(
        exchange.expectedIdentity(),
        client ->
            client
                .sourceAsync(source, consistency)
                .thenApply(
                    state -> {
                      UUID identity = client.logIdentity().orElseThrow();
                      return Answers.tagged(
                          exchange,
                          identity,
                          "\"" + state.version() + "\"",
                          Answers.object(
                              identity,
                              out -> {
                                out.writeStringField("source", source);
                                out.writeNumberField("version", state.version());
                                out.writeNumberField("lastPosition", state.lastPosition());
                                out.writeNumberField("head", state.head());
                              }));
                    }));
  }
}
