package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.varve.client.Event;
import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import io.varve.client.json.EventJson;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * {@code GET /v1/events/{position}} and its {@code /data}: one event, and its payload as bytes. A
 * payload is somebody else's: browsers must neither run it nor guess what it is.
 */
final class EventEndpoint {

  /**
   * Not {@code immutable}: a payload may be erased later, and who may read may change; so caches
   * ask each time, which the entity tag makes cheap.
   */
  private static final String CACHE = "private, no-cache";

  private static final String SANDBOX = "sandbox; default-src 'none'";

  private final Cluster cluster;

  EventEndpoint(Cluster cluster) {
    this.cluster = cluster;
  }

  /** The event. */
  CompletableFuture<HttpResponse> event(Exchange exchange) {
    return find(exchange)
        .thenApply(
            found -> {
              byte[] body =
                  Answers.withIdentity(found.identity(), EventJson.write(found.event()))
                      .getBytes(StandardCharsets.UTF_8);
              String tag = "\"" + found.identity() + "-" + found.event().position() + "\"";
              return answer(exchange, found, tag, MediaType.JSON, body, headers -> {});
            });
  }

  /** Its payload. */
  CompletableFuture<HttpResponse> data(Exchange exchange) {
    return find(exchange)
        .thenApply(
            found -> {
              byte[] body = found.event().data().toByteArray();
              return answer(
                  exchange,
                  found,
                  Answers.strongTag(body),
                  Answers.payloadType(found.event().contentType()),
                  body,
                  headers ->
                      headers
                          .set("content-security-policy", SANDBOX)
                          .set(HttpHeaderNames.CONTENT_DISPOSITION, "attachment"));
            });
  }

  private static HttpResponse answer(
      Exchange exchange,
      Found found,
      String tag,
      MediaType type,
      byte[] body,
      Consumer<ResponseHeadersBuilder> further) {
    Consumer<ResponseHeadersBuilder> all =
        headers -> {
          headers
              .set(HttpHeaderNames.ETAG, tag)
              .set(HttpHeaderNames.CACHE_CONTROL, CACHE)
              .set(Answers.LOG_IDENTITY, found.identity().toString());
          further.accept(headers);
        };
    return Answers.matches(exchange, tag)
        ? Answers.notModified(tag, all)
        : Answers.bytes(type, HttpData.wrap(body), all);
  }

  private CompletableFuture<Found> find(Exchange exchange) {
    long position =
        Query.number("position", exchange.context().pathParam("position"), 1, Long.MAX_VALUE);
    return cluster
        .call(
            exchange.expectedIdentity(),
            client ->
                read(client, position, ReadConsistency.local())
                    .thenCompose(
                        found ->
                            found.isPresent()
                                ? CompletableFuture.completedFuture(found)
                                // A node that lags is no reason to say that it does not exist.
                                : read(client, position, ReadConsistency.linearizable()))
                    .thenApply(
                        found ->
                            new Found(
                                found.orElseThrow(() -> missing(position)),
                                client.logIdentity().orElseThrow())))
        .thenApply(
            found -> {
              if (!Access.mayRead(exchange.caller(), found.event().source())) {
                throw Access.denied(
                    "no grant lets this client read the source of that event", "position");
              }
              return found;
            });
  }

  private static CompletableFuture<Optional<Event>> read(
      VarveClient client, long position, ReadConsistency consistency) {
    return client
        .readAsync(
            ReadOptions.builder().fromPosition(position).limit(1).consistency(consistency).build())
        .thenApply(List::stream)
        .thenApply(events -> events.filter(event -> event.position() == position).findFirst());
  }

  private static ProblemException missing(long position) {
    return new ProblemException(
        Problem.of(ProblemCode.NOT_FOUND, "there is no event at position " + position, "position"));
  }

  private record Found(Event event, UUID identity) {}
}
