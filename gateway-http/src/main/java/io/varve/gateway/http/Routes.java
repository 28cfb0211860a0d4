package io.varve.gateway.http;

import com.codahale.metrics.MetricRegistry;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.RejectedRouteHandler;
import com.linecorp.armeria.server.ServerBuilder;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.identity.Authenticator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * All routes but those of streams and of identity, and what every answer of the server has: the
 * log's identity, problems for errors, leave for pages of other origins. Thread-safe.
 */
public final class Routes implements AutoCloseable {

  /** A body is parsed by one of these threads. */
  private static final int PARSERS = Math.max(2, Runtime.getRuntime().availableProcessors());

  /** Bodies that wait to be parsed; {@link Limits#heldBodyBytes} bounds their bytes. */
  private static final int QUEUED_PARSES = 4_096;

  private static final int MAX_REQUEST_LINE_BYTES = 64 << 10;
  private static final int MAX_HEADER_BYTES = 16 << 10;

  private final Cluster cluster;
  private final Authenticator authenticator;
  private final Limits limits;
  private final Figures figures;
  private final Workers parsing;
  private final Workers reading;
  private final Waiters waiters;
  private final ByteBudget bodies;
  private final ByteBudget pages;
  private final Health health;
  private final StatsEndpoint stats;
  private final MetricRegistry registry;

  /**
   * The routes.
   *
   * @param cluster the cluster they speak to
   * @param authenticator finds out who asks
   * @param admin the nodes' admin addresses, {@code HOST:PORT}, for their figures
   * @param limits what they hold at most
   * @param registry where they count
   */
  public Routes(
      Cluster cluster,
      Authenticator authenticator,
      List<String> admin,
      Limits limits,
      MetricRegistry registry) {
    this.registry = registry;
    this.health = new Health(cluster);
    this.cluster = cluster;
    this.authenticator = authenticator;
    this.limits = limits;
    this.figures = new Figures(registry);
    this.parsing =
        new Workers("varve-gateway-parse", "their bodies to be read", PARSERS, QUEUED_PARSES);
    this.reading =
        new Workers("varve-gateway-read", "pages", limits.readers(), limits.queuedReads());
    this.waiters = new Waiters(limits.waiters());
    this.bodies = new ByteBudget("bodies", limits.heldBodyBytes());
    this.pages = new ByteBudget("pages", limits.heldPageBytes());
    this.stats = new StatsEndpoint(cluster, figures, waiters, new NodeScraper(admin));
    figures.gauge("waiting_requests", waiters::count);
    figures.gauge("held_body_bytes", bodies::taken);
    figures.gauge("held_page_bytes", pages::taken);
  }

  /** Adds the routes to a server, and what all its answers have. */
  public void addTo(ServerBuilder server, Set<String> allowedOrigins) {
    server
        .maxRequestLength(limits.bodyBytes())
        .maxNumConnections(limits.connections())
        .requestTimeout(limits.requestTimeout())
        .idleTimeout(limits.idleTimeout())
        .http1MaxInitialLineLength(MAX_REQUEST_LINE_BYTES)
        .http1MaxHeaderSize(MAX_HEADER_BYTES)
        .http2MaxHeaderListSize(MAX_REQUEST_LINE_BYTES + MAX_HEADER_BYTES)
        .disableServerHeader()
        .rejectedRouteHandler(RejectedRouteHandler.FAIL)
        .errorHandler(new ErrorAnswers());

    log(server);
    operations(server);
    pages(server);
    server.decorator(new EveryAnswer(cluster));
    server.decorator(new Cors(allowedOrigins));
  }

  /** Lets all who wait for events go; what else is under way goes on. */
  public void release() {
    health.stopping();
    waiters.close();
  }

  @Override
  public void close() {
    waiters.close();
    parsing.close();
    reading.close();
  }

  /** The log itself. */
  private void log(ServerBuilder server) {
    post(server, "/v1/push", Operation.of("push", new PushEndpoint(cluster, parsing, figures)));
    get(
        server,
        "/v1/origin",
        Operation.of(
            "origin",
            new OriginEndpoint(cluster),
            "bufferId",
            "clientId",
            "consistency",
            "atLeast"));
    route(
        server,
        "/v1/events",
        Map.of(
            HttpMethod.GET,
            Operation.of(
                "pull", new PullEndpoint(cluster, reading, waiters, pages), PullQuery.PARAMETERS),
            HttpMethod.POST,
            Operation.of(
                    "append",
                    new AppendEndpoint(cluster, parsing, figures),
                    AppendEndpoint.PARAMETERS)
                .repeating("tag")));
    EventEndpoint events = new EventEndpoint(cluster);
    get(server, "/v1/events/{position}", Operation.of("event", events::event));
    get(server, "/v1/events/{position}/data", Operation.of("event-data", events::data));
    get(
        server,
        "/v1/appends/{id}",
        Operation.of("append-lookup", new AppendLookupEndpoint(cluster), "knownPosition"));
    get(
        server,
        "/v1/source",
        Operation.of("source", new SourceEndpoint(cluster), "source", "consistency", "atLeast"));
    get(
        server,
        "/v1/sources",
        Operation.of(
            "sources",
            new SourcesEndpoint(cluster),
            "prefix",
            "after",
            "limit",
            "consistency",
            "atLeast"));
    get(
        server,
        "/v1/latest",
        Operation.of(
            "latest",
            new LatestEndpoint(cluster),
            "source",
            "prefix",
            "afterKey",
            "asOf",
            "limit",
            "consistency",
            "atLeast"));
    get(
        server,
        "/v1/head",
        Operation.of("head", new HeadEndpoint(cluster), "consistency", "atLeast"));
  }

  /** What those who run it look at. */
  private void operations(ServerBuilder server) {
    get(server, "/v1/cluster", Operation.of("cluster", new ClusterEndpoint(cluster)));
    get(server, "/v1/stats", Operation.of("stats", stats));
    get(server, "/live", Operation.open("live", health::live));
    get(server, "/ready", Operation.open("ready", health::ready));
    get(
        server,
        "/metrics",
        Operation.open(
            "metrics",
            exchange ->
                reading.run(
                    () ->
                        Answers.bytes(
                            MediaType.parse(MetricsText.CONTENT_TYPE),
                            HttpData.ofUtf8(MetricsText.of(registry)),
                            headers -> {}))));
  }

  /** What browsers load: whatever no other route takes. */
  private void pages(ServerBuilder server) {
    StaticFiles files = new StaticFiles();
    RouteService pages =
        new RouteService(
            Map.of(HttpMethod.GET, Operation.page(files::answer)), authenticator, bodies, figures);
    server.service(
        "prefix:/",
        (context, request) ->
            files.has(context.path())
                ? pages.serve(context, request)
                : ErrorAnswers.problem(HttpStatus.NOT_FOUND, "").toResponse());
  }

  private void get(ServerBuilder server, String path, Operation operation) {
    route(server, path, Map.of(HttpMethod.GET, operation));
  }

  private void post(ServerBuilder server, String path, Operation operation) {
    route(server, path, Map.of(HttpMethod.POST, operation));
  }

  private void route(ServerBuilder server, String path, Map<HttpMethod, Operation> operations) {
    server.service(path, new RouteService(operations, authenticator, bodies, figures));
  }
}
