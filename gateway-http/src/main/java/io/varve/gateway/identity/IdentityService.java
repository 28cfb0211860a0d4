package io.varve.gateway.identity;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.HttpServiceWithRoutes;
import com.linecorp.armeria.server.Route;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.varve.gateway.cluster.Cluster;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who the clients are: finds out who makes a request, and answers {@code /v1/identity}, {@code
 * /v1/identity/challenge} and {@code /v1/identity/token}. To be added to a server as it is.
 *
 * <p>A client asks for a challenge for its key, signs it, and exchanges it for a token, which any
 * gateway with the same signing keys and audience accepts. Clients, revocations and used challenges
 * stand in the log ({@link IdentityRecords}), nothing stands in the gateway: what it keeps of the
 * log is told of every change by a subscription.
 *
 * <p>When the cluster cannot be reached, callers whose records are not known here get 503; nobody
 * is let in for want of an answer. Thread-safe; never blocks an event loop.
 */
public final class IdentityService implements Authenticator, HttpServiceWithRoutes, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IdentityService.class);

  private static final long RELOAD_MILLIS = 1_000;
  private static final long WARN_MINUTES = 10;

  private final IdentityRoutes routes;
  private final Authenticator authenticator;
  private final Optional<IdentityCache> cache;
  private final ScheduledExecutorService timer;

  /**
   * Starts.
   *
   * @param cluster the cluster that holds the identity records
   * @param options how clients show who they are
   * @param clock what time it is: tokens end by it. Within a few seconds of the other gateways'
   * @throws IdentityFormatException if the file of signing keys cannot be used
   */
  public IdentityService(Cluster cluster, IdentityOptions options, Clock clock) {
    this.timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "varve-gateway-identity");
              thread.setDaemon(true);
              return thread;
            });
    try {
      if (options.mode() == IdentityMode.OPEN) {
        Caller everybody = new Caller(Optional.empty(), Grants.everything(), Optional.empty());
        this.authenticator = headers -> CompletableFuture.completedFuture(everybody);
        this.cache = Optional.empty();
        this.routes = new IdentityRoutes(cluster, options, Optional.empty());
        every(WARN_MINUTES, TimeUnit.MINUTES, IdentityService::warn);
      } else {
        SigningKeys keys =
            SigningKeys.open(options.signingKeys().orElseThrow(), options.createSigningKeys());
        SignedTexts texts = new SignedTexts(keys, options.audience(), clock);
        IdentityCache identities = new IdentityCache(cluster, timer);
        TokenAuthenticator tokens =
            new TokenAuthenticator(texts, identities, options.defaultGrants());
        TokenIssuer issuer = new TokenIssuer(cluster, options, texts, identities, tokens, clock);
        this.authenticator = tokens;
        this.cache = Optional.of(identities);
        this.routes =
            new IdentityRoutes(
                cluster, options, Optional.of(new IdentityRoutes.Keys(tokens, issuer)));
        every(RELOAD_MILLIS, TimeUnit.MILLISECONDS, keys::reload);
      }
    } catch (RuntimeException e) {
      timer.shutdownNow();
      throw e;
    }
  }

  @Override
  public CompletableFuture<Caller> authenticate(RequestHeaders headers) {
    return authenticator.authenticate(headers);
  }

  /** The paths it answers at. */
  @Override
  public Set<Route> routes() {
    return Set.of(
        Route.builder().exact(IdentityRoutes.IDENTITY).build(),
        Route.builder().exact(IdentityRoutes.CHALLENGE).build(),
        Route.builder().exact(IdentityRoutes.TOKEN).build());
  }

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) {
    return routes.serve(context, request);
  }

  /** Ends what runs in the background. Does not close the cluster. Idempotent. */
  @Override
  public void close() {
    cache.ifPresent(IdentityCache::close);
    timer.shutdownNow();
  }

  private void every(long time, TimeUnit unit, Runnable task) {
    var unused = timer.scheduleWithFixedDelay(task, 0, time, unit);
  }

  private static void warn() {
    LOG.warn(
        "THIS GATEWAY IS OPEN: whoever reaches it may read and append everything, as any client."
            + " That is for trials only; set the identity mode to 'keys' for anything else");
  }
}
