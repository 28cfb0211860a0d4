package io.varve.gateway;

import io.varve.client.TlsOptions;
import io.varve.gateway.http.Limits;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.gateway.sse.StreamOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * How a gateway is set up. Immutable.
 *
 * @param listen where it listens; port 0 = any free one. Default {@code 127.0.0.1:0}
 * @param targets nodes of the cluster, each {@code HOST:PORT}; at least one
 * @param admin the nodes' admin addresses, each {@code HOST:PORT}, from which it reads their
 *     figures for {@code /v1/stats}; at most 64. Default none
 * @param log the log's name; empty = {@code default}
 * @param tls its certificate; empty = plaintext. Default empty
 * @param allowedOrigins origins whose pages may use it from other addresses, each exactly as
 *     browsers send it: {@code https://app.example.com}, or with {@code :*} for any port of a host.
 *     Default none
 * @param clusterTls how it encrypts its connections to the cluster; empty = plaintext
 * @param clusterToken what it shows the cluster; empty = nothing
 * @param deadline how long a call to the cluster may take, retries included; up to 20 s. Default 10
 *     s
 * @param identity how it finds out who asks
 * @param streams bounds of its streams
 * @param limits what its routes hold at most
 * @param drain how long requests and streams that are under way when it is closed may take; up to 1
 *     min. Default 10 s
 */
public record GatewayConfig(
    InetSocketAddress listen,
    List<String> targets,
    List<String> admin,
    String log,
    Optional<TlsFiles> tls,
    Set<String> allowedOrigins,
    Optional<TlsOptions> clusterTls,
    Optional<String> clusterToken,
    Duration deadline,
    IdentityOptions identity,
    StreamOptions streams,
    Limits limits,
    Duration drain) {

  private static final int MAX_ADMIN = 64;
  private static final Duration MAX_DEADLINE = Duration.ofSeconds(20);
  private static final Duration MAX_DRAIN = Duration.ofMinutes(1);

  public GatewayConfig {
    Objects.requireNonNull(listen, "listen");
    targets = List.copyOf(targets);
    admin = List.copyOf(admin);
    Objects.requireNonNull(log, "log");
    Objects.requireNonNull(tls, "tls");
    allowedOrigins = Set.copyOf(allowedOrigins);
    Objects.requireNonNull(clusterTls, "clusterTls");
    Objects.requireNonNull(clusterToken, "clusterToken");
    Objects.requireNonNull(identity, "identity");
    Objects.requireNonNull(streams, "streams");
    Objects.requireNonNull(limits, "limits");
    if (targets.isEmpty()) {
      throw new IllegalArgumentException("targets: name at least one node");
    }
    if (admin.size() > MAX_ADMIN) {
      throw new IllegalArgumentException(
          "admin: at most " + MAX_ADMIN + " addresses: " + admin.size());
    }
    admin.forEach(GatewayConfig::requireAddress);
    allowedOrigins.forEach(GatewayConfig::requireOrigin);
    requireWithin(deadline, MAX_DEADLINE, "deadline");
    requireWithin(drain, MAX_DRAIN, "drain");
  }

  /** A gateway before some nodes, with the defaults. */
  public static GatewayConfig of(List<String> targets, IdentityOptions identity) {
    return new GatewayConfig(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        targets,
        List.of(),
        "",
        Optional.empty(),
        Set.of(),
        Optional.empty(),
        Optional.empty(),
        Duration.ofSeconds(10),
        identity,
        StreamOptions.defaults(),
        Limits.defaults(),
        Duration.ofSeconds(10));
  }

  /** The same, listening elsewhere. */
  public GatewayConfig withListen(InetSocketAddress address) {
    return with(copy -> copy.listen = address);
  }

  /** The same, reading nodes' figures from these admin addresses. */
  public GatewayConfig withAdmin(List<String> addresses) {
    return with(copy -> copy.admin = addresses);
  }

  /** The same for a log of another name. */
  public GatewayConfig withLog(String name) {
    return with(copy -> copy.log = name);
  }

  /** The same, encrypted. */
  public GatewayConfig withTls(TlsFiles files) {
    return with(copy -> copy.tls = Optional.of(files));
  }

  /** The same, for pages of these origins too. */
  public GatewayConfig withAllowedOrigins(Set<String> origins) {
    return with(copy -> copy.allowedOrigins = origins);
  }

  /** The same, with encrypted connections to the cluster. */
  public GatewayConfig withClusterTls(TlsOptions options) {
    return with(copy -> copy.clusterTls = Optional.of(options));
  }

  /** The same, showing the cluster a token. */
  public GatewayConfig withClusterToken(String token) {
    return with(copy -> copy.clusterToken = Optional.of(token));
  }

  /** The same with another deadline of calls to the cluster. */
  public GatewayConfig withDeadline(Duration time) {
    return with(copy -> copy.deadline = time);
  }

  /** The same with another way to find out who asks. */
  public GatewayConfig withIdentity(IdentityOptions options) {
    return with(copy -> copy.identity = options);
  }

  /** The same with other bounds of streams. */
  public GatewayConfig withStreams(StreamOptions options) {
    return with(copy -> copy.streams = options);
  }

  /** The same with other limits. */
  public GatewayConfig withLimits(Limits others) {
    return with(copy -> copy.limits = others);
  }

  /** The same with another time for what is under way when it is closed. */
  public GatewayConfig withDrain(Duration time) {
    return with(copy -> copy.drain = time);
  }

  private static void requireAddress(String address) {
    int colon = address.lastIndexOf(':');
    if (colon < 1 || !address.substring(colon + 1).matches("[1-9][0-9]{0,4}")) {
      throw new IllegalArgumentException("admin: '" + address + "' is not HOST:PORT");
    }
  }

  private static void requireOrigin(String origin) {
    boolean exact;
    try {
      URI uri =
          URI.create(origin.endsWith(":*") ? origin.substring(0, origin.length() - 2) : origin);
      exact =
          uri.getScheme() != null
              && uri.getHost() != null
              && uri.getRawPath().isEmpty()
              && uri.getRawQuery() == null
              && uri.getRawFragment() == null
              && uri.getRawUserInfo() == null;
    } catch (IllegalArgumentException e) {
      exact = false;
    }
    if (!exact) {
      throw new IllegalArgumentException(
          "allowedOrigins: '"
              + origin
              + "' is not an origin such as https://app.example.com (no path, no wildcard but :* for any port)");
    }
  }

  private static void requireWithin(Duration time, Duration most, String name) {
    if (time.isNegative() || time.isZero() || time.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          name + " must be above 0 and at most " + most.toSeconds() + " s: " + time);
    }
  }

  private GatewayConfig with(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return copy.build();
  }

  /** The same components, to be changed. */
  private static final class Copy {
    private InetSocketAddress listen;
    private List<String> targets;
    private List<String> admin;
    private String log;
    private Optional<TlsFiles> tls;
    private Set<String> allowedOrigins;
    private Optional<TlsOptions> clusterTls;
    private Optional<String> clusterToken;
    private Duration deadline;
    private IdentityOptions identity;
    private StreamOptions streams;
    private Limits limits;
    private Duration drain;

    private Copy(GatewayConfig of) {
      listen = of.listen;
      targets = of.targets;
      admin = of.admin;
      log = of.log;
      tls = of.tls;
      allowedOrigins = of.allowedOrigins;
      clusterTls = of.clusterTls;
      clusterToken = of.clusterToken;
      deadline = of.deadline;
      identity = of.identity;
      streams = of.streams;
      limits = of.limits;
      drain = of.drain;
    }

    private GatewayConfig build() {
      return new GatewayConfig(
          listen,
          targets,
          admin,
          log,
          tls,
          allowedOrigins,
          clusterTls,
          clusterToken,
          deadline,
          identity,
          streams,
          limits,
          drain);
    }
  }
}
