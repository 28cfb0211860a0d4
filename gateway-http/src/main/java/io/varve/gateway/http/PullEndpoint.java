package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.MediaType;
import io.varve.client.ReadConsistency;
import io.varve.client.VarveClient;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.identity.Caller;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;

/**
 * {@code GET /v1/events}: pages of the log, of a source, or of what matches a filter, by position;
 * with {@code wait}, as soon as there is something to show.
 */
final class PullEndpoint implements Endpoint {
  private final Cluster cluster;
  private final Workers reading;
  private final Waiters waiters;
  private final ByteBudget pages;

  PullEndpoint(Cluster cluster, Workers reading, Waiters waiters, ByteBudget pages) {
    this.cluster = cluster;
    this.reading = reading;
    this.waiters = waiters;
    this.pages = pages;
  }

  @Override
  public CompletableFuture<HttpResponse> answer(Exchange exchange) {
    PullQuery query = PullQuery.of(exchange.query());
    authorize(exchange.caller(), query);
    return cluster
        .call(exchange.expectedIdentity(), client -> page(exchange, client, query))
        .thenApply(page -> answer(exchange, page));
  }

  private static void authorize(Caller caller, PullQuery query) {
    if (query.source().isPresent()) {
      Access.requireRead(caller, query.source().get(), "source");
    } else if (query.filter().isPresent()) {
      Access.requireRead(caller, query.filter().get(), "filter");
    } else {
      caller.requireReadEverything("to read the whole log");
    }
  }

  private CompletableFuture<Page> page(Exchange exchange, VarveClient client, PullQuery query) {
    return withinTheLog(client, query)
        .thenCompose(ok -> reading.run(() -> Page.read(client, query)))
        .thenCompose(
            page ->
                page.empty() && !query.patience().isZero()
                    ? awaited(exchange, client, query, page)
                    : CompletableFuture.completedFuture(page));
  }

  /** A position above the head comes from another history: say so rather than show nothing. */
  private static CompletableFuture<Void> withinTheLog(VarveClient client, PullQuery query) {
    CompletableFuture<Void> within = CompletableFuture.completedFuture(null);
    if (query.after() > client.knownHead().orElse(0)) {
      within =
          client
              .headAsync(ReadConsistency.linearizable())
              .thenAccept(
                  head -> {
                    if (query.after() > head.position()) {
                      throw aboveTheEnd("after", query.after(), "the head", head.position());
                    }
                  });
    }
    if (query.afterVersion().orElse(0) == 0) {
      return within;
    }
    return within
        .thenCompose(
            ok -> client.sourceAsync(query.source().orElseThrow(), ReadConsistency.linearizable()))
        .thenAccept(
            state -> {
              if (query.afterVersion().orElse(0) > state.version()) {
                throw aboveTheEnd(
                    "afterVersion",
                    query.afterVersion().orElse(0),
                    "the source's version",
                    state.version());
              }
            });
  }

  private static ProblemException aboveTheEnd(String field, long value, String what, long end) {
    return new ProblemException(
        Problem.of(
            ProblemCode.OUT_OF_RANGE,
            "'"
                + field
                + "' is "
                + value
                + ", above "
                + what
                + ", "
                + end
                + ": it comes from another history",
            field));
  }

  private CompletableFuture<Page> awaited(
      Exchange exchange, VarveClient client, PullQuery query, Page empty) {
    Duration wait = query.patience();
    if (exchange.caller().expires().isPresent()) {
      Duration left = Duration.between(Instant.now(), exchange.caller().expires().get());
      wait = left.isNegative() ? Duration.ZERO : left.compareTo(wait) < 0 ? left : wait;
    }
    CompletableFuture<Waiters.Outcome> outcome =
        waiters.await(
            client,
            query.follow(empty.next()),
            wait,
            exchange.context().eventLoop().withoutContext());
    var unused = exchange.context().whenRequestCancelling().thenRun(() -> outcome.cancel(false));
    return outcome.thenCompose(
        waited ->
            waited.matched()
                ? reading.run(
                    () -> Page.read(client, query.continuedAfter(empty.next(), waited.position())))
                : CompletableFuture.completedFuture(empty.lookedAt(waited.position())));
  }

  private HttpResponse answer(Exchange exchange, Page page) {
    String tag = Answers.weakTag(page.body().array());
    String identity = page.identity().toString();
    if (Answers.matches(exchange, tag)) {
      return Answers.notModified(tag, headers -> headers.set(Answers.LOG_IDENTITY, identity));
    }
    Runnable release = pages.take(page.body().length());
    var unused = exchange.context().log().whenComplete().thenRun(release);
    return Answers.bytes(
        MediaType.JSON,
        page.body(),
        headers -> headers.set(HttpHeaderNames.ETAG, tag).set(Answers.LOG_IDENTITY, identity));
  }
}
