package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import io.varve.client.ReadConsistency;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.problem.Problems;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * {@code /live} and {@code /ready}, as nodes have them: 200, or 503 and a line that says why not. A
 * gateway is ready while the cluster answers a linearizable read and it is not stopping.
 * Thread-safe.
 */
final class Health {
  private static final long LIMIT_SECONDS = 2;

  private final Cluster cluster;
  private final Shared<Optional<String>> unready;
  private volatile boolean stopping;

  Health(Cluster cluster) {
    this.cluster = cluster;
    this.unready = new Shared<>(this::ask);
  }

  /** From now on it is not ready any more. */
  void stopping() {
    stopping = true;
  }

  CompletableFuture<HttpResponse> live(Exchange exchange) {
    return CompletableFuture.completedFuture(answer("live", Optional.empty()));
  }

  CompletableFuture<HttpResponse> ready(Exchange exchange) {
    return stopping
        ? CompletableFuture.completedFuture(answer("ready", Optional.of("the gateway is stopping")))
        : unready.get().thenApply(why -> answer("ready", why));
  }

  private CompletableFuture<Optional<String>> ask() {
    return cluster
        .call(client -> client.headAsync(ReadConsistency.linearizable()))
        .handle(
            (head, failure) ->
                failure == null
                    ? Optional.<String>empty()
                    : Optional.of("the cluster: " + Problems.of(failure).detail()))
        .completeOnTimeout(
            Optional.of("the cluster did not answer within " + LIMIT_SECONDS + " s"),
            LIMIT_SECONDS,
            TimeUnit.SECONDS);
  }

  private static HttpResponse answer(String what, Optional<String> why) {
    HttpStatus status = why.isEmpty() ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE;
    String body = why.map(reason -> "not " + what + ": " + reason).orElse(what);
    return HttpResponse.of(
        ResponseHeaders.builder(status)
            .contentType(MediaType.PLAIN_TEXT_UTF_8)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
            .build(),
        HttpData.ofUtf8(body + "\n"));
  }
}
