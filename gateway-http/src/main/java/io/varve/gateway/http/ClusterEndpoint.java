package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpResponse;
import io.varve.client.ClusterDescription;
import io.varve.client.ClusterDescription.Member;
import io.varve.gateway.cluster.Cluster;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** {@code GET /v1/cluster}: the members as one node sees them; answers without a majority too. */
final class ClusterEndpoint implements Endpoint {
  private final Cluster cluster;
  private final Shared<ClusterDescription> described;

  ClusterEndpoint(Cluster cluster) {
    this.cluster = cluster;
    this.described = new Shared<>(() -> cluster.call(client -> client.describeAsync()));
  }

  @Override
  public CompletableFuture<HttpResponse> answer(Exchange exchange) {
    exchange.caller().requireReadEverything("to see the cluster");
    return cluster
        .call(exchange.expectedIdentity(), client -> described.get())
        .thenCombine(cluster.identity(), ClusterEndpoint::answer);
  }

  private static HttpResponse answer(ClusterDescription described, UUID identity) {
    long head = described.members().stream().mapToLong(Member::head).max().orElse(0);
    return Answers.json(
        identity,
        Answers.object(
            identity,
            out -> {
              if (described.clusterId().isPresent()) {
                out.writeStringField("clusterId", described.clusterId().get().toString());
              }
              if (described.leaderId().isPresent()) {
                out.writeStringField("leader", described.leaderId().get());
              }
              out.writeNumberField("term", described.term());
              out.writeNumberField("head", head);
              out.writeArrayFieldStart("members");
              for (Member member : described.members()) {
                out.writeStartObject();
                out.writeStringField("id", member.id());
                out.writeStringField("clientAddress", member.clientAddress());
                out.writeStringField("peerAddress", member.peerAddress());
                out.writeStringField("role", member.role().name().toLowerCase(Locale.ROOT));
                out.writeBooleanField("reachable", member.reachable());
                out.writeNumberField("head", member.head());
                out.writeNumberField("appliedIndex", member.appliedIndex());
                if (member.reachable()) {
                  out.writeNumberField("lag", head - member.head());
                }
                out.writeEndObject();
              }
              out.writeEndArray();
            }));
  }
}
