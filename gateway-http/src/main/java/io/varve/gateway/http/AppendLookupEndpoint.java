package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpResponse;
import io.varve.client.AppendId;
import io.varve.client.AppendLookup;
import io.varve.client.json.ResultJson;
import io.varve.gateway.cluster.Cluster;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** {@code GET /v1/appends/{id}}: what became of a live append. */
final class AppendLookupEndpoint implements Endpoint {
  private final Cluster cluster;

  AppendLookupEndpoint(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public CompletableFuture<HttpResponse> answer(Exchange exchange) {
    UUID id = Query.uuid("id", exchange.context().pathParam("id"));
    String known = exchange.query().required("knownPosition");
    AppendId appendId = new AppendId(id, Query.number("knownPosition", known, 0, Long.MAX_VALUE));
    return cluster.call(
        exchange.expectedIdentity(),
        client ->
            client
                .getAppendAsync(appendId)
                .thenApply(lookup -> answer(exchange, client.logIdentity().orElseThrow(), lookup)));
  }

  private static HttpResponse answer(Exchange exchange, UUID identity, AppendLookup lookup) {
    if (lookup.appended().isEmpty()) {
      return Answers.json(
          identity,
          Answers.object(
              identity,
              out -> {
                out.writeStringField("outcome", "unknown-id");
                out.writeNumberField("head", lookup.head());
              }));
    }
    for (String source : lookup.appended().get().versions().keySet()) {
      boolean granted =
          Access.mayRead(exchange.caller(), source) || exchange.caller().grants().mayAppend(source);
      if (!granted) {
        throw Access.denied("no grant lets this client see what that append wrote", "id");
      }
    }
    String result = Answers.withIdentity(identity, ResultJson.write(lookup.appended().get()));
    return Answers.json(
        identity, result.substring(0, result.length() - 1) + ",\"head\":" + lookup.head() + "}");
  }
}
