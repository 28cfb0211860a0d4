package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpResponse;
import io.varve.client.json.Json;
import io.varve.gateway.cluster.Cluster;
import java.util.concurrent.CompletableFuture;

/** {@code GET /v1/head}. */
final class HeadEndpoint implements Endpoint {
  private final Cluster cluster;

  HeadEndpoint(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public CompletableFuture<HttpResponse> answer(Exchange exchange) {
    var consistency = exchange.query().consistency(false);
    return cluster.call(
        exchange.expectedIdentity(),
        client ->
            client
                .headAsync(consistency)
                .thenApply(
                    head ->
                        Answers.json(
                            head.logIdentity(),
                            Answers.object(
                                head.logIdentity(),
                                out -> {
                                  out.writeNumberField("head", head.position());
                                  if (head.recorded().isPresent()) {
                                    out.writeStringField(
                                        "recorded", Json.time(head.recorded().get()));
                                  }
                                }))));
  }
}
