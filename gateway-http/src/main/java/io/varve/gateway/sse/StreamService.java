package io.varve.gateway.sse;

import com.codahale.metrics.MetricRegistry;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.common.logging.RequestLogProperty;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.varve.client.Event;
import io.varve.client.Filter;
import io.varve.client.Head;
import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.identity.Authenticator;
import io.varve.gateway.identity.Caller;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import io.varve.gateway.problem.Problems;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@code GET /v1/stream}: events that exist and those to come, as server-sent events. Resuming with
 * the last position that came (an event's, a checkpoint's) misses nothing and repeats nothing, on
 * whichever gateway.
 *
 * <p>Clients that follow the same share one upstream subscription and the bytes that go out. A slow
 * client is slowed, and read for at its own pace, within {@link StreamOptions#bufferBytes}. The
 * loss of nodes ends no stream. Never blocks; thread-safe.
 */
public final class StreamService implements HttpService {
  private static final MediaType EVENT_STREAM =
      MediaType.EVENT_STREAM.withParameter("charset", "utf-8");

  private static final String LOG_IDENTITY = "varve-log-identity";

  /** Clients come back after 1 to 3 s: not all at once when a line is cut. */
  private static final long RETRY_LEAST_MILLIS = 1_000;

  private static final long RETRY_MOST_MILLIS = 3_000;

  /** How soon to try again for a place: streams end when pages are closed. */
  private static final Duration NO_PLACE = Duration.ofSeconds(5);

  /** How many times a log is looked at that is being replaced. */
  private static final int LOOKS = 2;

  private final Authenticator authenticator;
  private final StreamOptions options;
  private final Hub hub;
  private final AtomicInteger places = new AtomicInteger();
  private final Map<String, Integer> placesByClient = new ConcurrentHashMap<>();

  /**
   * Streams of one cluster.
   *
   * @param cluster where events come from
   * @param authenticator finds out who asks, at the start and again every now and then
   * @param options bounds
   * @param metrics where figures go, named {@code varve_gateway_stream…}
   */
  public StreamService(
      Cluster cluster, Authenticator authenticator, StreamOptions options, MetricRegistry metrics) {
    this(cluster, authenticator, options, metrics, Clock.systemUTC());
  }

  StreamService(
      Cluster cluster,
      Authenticator authenticator,
      StreamOptions options,
      MetricRegistry metrics,
      Clock clock) {
    this.authenticator = authenticator;
    this.options = options;
    this.hub = new Hub(cluster, authenticator, options, metrics, clock);
  }

  /**
   * Hands its clients over: each is told to reconnect, at a time of its own, and its stream ends;
   * those that take nothing are cut off after {@link StreamOptions#drain}. New ones are answered
   * 503, or, as an {@code EventSource} would give up at that, told the same in a stream. Completes
   * when no stream is left. May be called again.
   */
  public CompletableFuture<Void> shutdown() {
    return hub.shutdown();
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest request) {
    if (request.method() != HttpMethod.GET) {
      return Problem.of(
              ProblemCode.METHOD_NOT_ALLOWED,
              "a stream is asked for by GET, not " + request.method())
          .toResponse();
    }
    try {
      StreamQuery query = StreamQuery.of(ctx.query(), request.headers());
      ctx.clearRequestTimeout();
      return HttpResponse.of(
          authenticator
              .authenticate(request.headers())
              .thenCompose(caller -> open(ctx, request.headers(), caller, query))
              .exceptionally(failure -> refused(request.headers(), Problems.of(failure))));
    } catch (RuntimeException failure) {
      return refused(request.headers(), Problems.of(failure));
    }
  }

  /**
   * An {@code EventSource} gives up for good at any answer but a stream. What will pass is told it
   * in one, so that it comes back by itself; it is known by what it accepts, and by having no way
   * to send a header of its own.
   */
  private static HttpResponse refused(RequestHeaders headers, Problem problem) {
    boolean eventSource =
        headers.accept().stream().anyMatch(type -> type.is(MediaType.EVENT_STREAM))
            && !headers.contains(HttpHeaderNames.AUTHORIZATION);
    if (!eventSource || !Retries.isWorthwhile(problem)) {
      return problem.toResponse();
    }
    long wait = problem.retryAfter().map(Duration::toMillis).orElse(0L);
    long millis = Math.max(retryMillis(), wait);
    return HttpResponse.of(
        stream().build(),
        HttpData.ofUtf8(
            Frame.retry(millis).data().toStringUtf8()
                + Frame.reconnect(problem.detail()).data().toStringUtf8()));
  }

  private static ResponseHeadersBuilder stream() {
    return ResponseHeaders.builder(HttpStatus.OK)
        .contentType(EVENT_STREAM)
        .set(HttpHeaderNames.CACHE_CONTROL, "no-cache, no-transform")
        .set("x-accel-buffering", "no")
        .set(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff");
  }

  private static long retryMillis() {
    return ThreadLocalRandom.current().nextLong(RETRY_LEAST_MILLIS, RETRY_MOST_MILLIS + 1);
  }

  private CompletableFuture<HttpResponse> open(
      ServiceRequestContext ctx, RequestHeaders headers, Caller caller, StreamQuery query) {
    query.selection().requireRead(caller);
    if (hub.isClosing()) {
      throw new ProblemException(
          Problem.of(ProblemCode.UNAVAILABLE, "this gateway is shutting down; there may be others")
              .retryAfter(Duration.ofSeconds(1)));
    }
    Runnable place = takePlace(caller);
    return lookAgain(query, LOOKS)
        .thenApply(
            start -> {
              HttpResponseWriter out = HttpResponse.streaming();
              begin(ctx, headers, caller, query, start, out, place);
              return (HttpResponse) out;
            })
        .whenComplete(
            (response, failure) -> {
              if (failure != null) {
                place.run();
              }
            });
  }

  // ---- places ----

  private Runnable takePlace(Caller caller) {
    if (places.incrementAndGet() > options.maxStreams()) {
      places.decrementAndGet();
      throw full("this gateway has its " + options.maxStreams() + " streams open");
    }
    if (caller.clientId().isPresent()) {
      String client = caller.clientId().get();
      if (placesByClient.merge(client, 1, Integer::sum) > options.maxStreamsPerClient()) {
        giveBack(client);
        places.decrementAndGet();
        throw full(
            "this client has its "
                + options.maxStreamsPerClient()
                + " streams open; one stream can follow many sources");
      }
    }
    return () -> {
      caller.clientId().ifPresent(this::giveBack);
      places.decrementAndGet();
    };
  }

  private void giveBack(String client) {
    placesByClient.computeIfPresent(client, (name, count) -> count == 1 ? null : count - 1);
  }

  private ProblemException full(String detail) {
    hub.metrics().refused();
    return new ProblemException(Problem.of(ProblemCode.OVERLOADED, detail).retryAfter(NO_PLACE));
  }

  // ---- beginning ----

  /**
   * Where a stream begins.
   *
   * @param history the log it is of
   * @param head the head, a moment ago
   * @param after the stream begins behind it
   * @param reset why it cannot: the client's history is another one
   */
  private record Start(
      History history, UUID logIdentity, long head, long after, Optional<String> reset) {}

  /** A log that turns out to have been replaced is looked at anew. */
  private CompletableFuture<Start> lookAgain(StreamQuery query, int looks) {
    History history = hub.history();
    return look(history, query)
        .exceptionallyCompose(
            failure -> {
              hub.noticed(history, Problems.unwrap(failure));
              return history.isOver() && looks > 1
                  ? lookAgain(query, looks - 1)
                  : CompletableFuture.failedFuture(failure);
            });
  }

  private static CompletableFuture<Start> look(History history, StreamQuery query) {
    VarveClient client = history.client;
    return head(client)
        .thenCompose(
            head ->
                query.after().orElse(0) > head
                    // That one may be a moment old.
                    ? client.headAsync(ReadConsistency.linearizable()).thenApply(Head::position)
                    : CompletableFuture.completedFuture(head))
        .thenCompose(head -> probe(client, query.filter(), head).thenApply(fine -> head))
        .thenApply(
            head -> {
              UUID identity = client.logIdentity().orElseThrow();
              long after = query.after().orElse(head);
              Optional<String> reset = Optional.empty();
              if (query.logIdentity().isPresent() && !query.logIdentity().get().equals(identity)) {
                reset =
                    Optional.of(
                        "the log's identity is not "
                            + query.logIdentity().get()
                            + ": the cluster was restored or replaced");
              } else if (after > head) {
                reset =
                    Optional.of(
                        query.afterField()
                            + " "
                            + after
                            + " is above the head "
                            + head
                            + ": it comes from another history");
              }
              return new Start(history, identity, head, after, reset);
            });
  }

  /** Without a majority, what a node has applied is as good a beginning. */
  private static CompletableFuture<Long> head(VarveClient client) {
    return client
        .recentHeadAsync()
        .exceptionallyCompose(
            failure ->
                Retries.isWorthwhile(failure)
                    ? client.headAsync(ReadConsistency.local()).thenApply(Head::position)
                    : CompletableFuture.failedFuture(failure))
        // Whoever asked for the head knows whose it is; those who were told may not.
        .thenCompose(
            head ->
                client.logIdentity().isPresent()
                    ? CompletableFuture.completedFuture(head)
                    : client.headAsync(ReadConsistency.local()).thenApply(Head::position));
  }

  /** The log itself says whether a filter is one, before the stream begins. */
  private static CompletableFuture<List<Event>> probe(
      VarveClient client, Optional<Filter> filter, long head) {
    return filter
        .map(
            asked ->
                client.readAsync(
                    ReadOptions.builder()
                        .filter(asked)
                        .fromPosition(Math.max(1, head))
                        .limit(1)
                        .consistency(ReadConsistency.local())
                        .build()))
        .orElseGet(() -> CompletableFuture.completedFuture(List.of()));
  }

  private void begin(
      ServiceRequestContext ctx,
      RequestHeaders headers,
      Caller caller,
      StreamQuery query,
      Start start,
      HttpResponseWriter out,
      Runnable place) {
    out.write(stream().set(LOG_IDENTITY, start.logIdentity().toString()).build());
    ClientStream stream =
        new ClientStream(
            hub,
            start.history(),
            query.selection(),
            start.after(),
            ctx.eventLoop().withoutContext(),
            out);
    bearSlowness(ctx);
    List<Frame> first = new ArrayList<>();
    first.add(Frame.retry(retryMillis()));
    first.add(Frame.hello(start.logIdentity(), start.head()));
    start
        .reset()
        .ifPresent(reason -> first.add(Frame.reset(Optional.of(start.logIdentity()), reason)));
    hub.begin(stream, Session.credentials(headers), caller, first, start.reset().isPresent());
    // Asked last, so that the hub hears of the beginning before the end.
    CompletableFuture<Void> unused =
        out.whenComplete()
            .handle(
                (ended, failure) -> {
                  place.run();
                  hub.ended(stream);
                  return null;
                });
  }

  /**
   * Left to itself, the system drops a connection whose client takes nothing for the time that an
   * idle one may last, some seconds. How long a client may do so is for the options to say.
   */
  private void bearSlowness(ServiceRequestContext ctx) {
    if (!ctx.log().isAvailable(RequestLogProperty.SESSION)) {
      return;
    }
    Channel channel = ctx.log().ensureAvailable(RequestLogProperty.SESSION).channel();
    if (channel instanceof EpollSocketChannel socket) {
      int millis = (int) Math.min(options.stallLimit().toMillis(), Integer.MAX_VALUE);
      socket
          .eventLoop()
          .execute(
              () -> {
                if (socket.isOpen()) {
                  socket.config().setTcpUserTimeout(millis);
                }
              });
    }
  }
}
