package io.varve.cli;

import io.varve.client.TlsOptions;
import io.varve.gateway.GatewayConfig;
import io.varve.gateway.TlsFiles;
import io.varve.gateway.http.Limits;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityMode;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.gateway.identity.SecureCookie;
import io.varve.gateway.sse.StreamOptions;
import io.varve.node.cluster.HostAndPort;
import io.varve.node.config.ConfigException;
import io.varve.node.config.ConfigKey;
import io.varve.node.config.ConfigSection;
import io.varve.node.config.Overrides;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The configuration file of a gateway: YAML, in the same manner as a node's. docs/gateway.md is its
 * page for people. Lists are texts with commas. An unknown key is refused.
 */
final class GatewayConfigFile {

  private static final String LEAST = "targets: 'h:1'\nidentity: {mode: open}";
  private static final Duration SECOND = Duration.ofSeconds(1);

  private GatewayConfigFile() {}

  /** Every key there is, in the order it is asked for. */
  static List<ConfigKey> keys() {
    List<ConfigKey> keys = new ArrayList<>();
    GatewayConfig unused = read(ConfigSection.recorded(LEAST, keys::add));
    return keys;
  }

  /** No overrides yet, of the keys there are. */
  static Overrides overrides() {
    return new Overrides(keys());
  }

  /**
   * Reads a file, with values from elsewhere over it.
   *
   * @throws ConfigException if it cannot be read, says something that cannot be, or lacks something
   */
  static GatewayConfig load(Path file, Overrides overrides) {
    String yaml;
    try {
      yaml = Files.readString(file);
    } catch (IOException e) {
      throw new ConfigException("cannot read " + file + ": " + e, e);
    }
    return read(ConfigSection.ofYaml(yaml, file + ": ", overrides));
  }

  private static GatewayConfig read(ConfigSection root) {
    try (ConfigSection file = root) {
      HostAndPort listen = listen(file);
      List<String> targets = file.texts("targets");
      for (String target : targets) {
        HostAndPort unused = taken(file, "targets", () -> HostAndPort.parse(target));
      }
      IdentityOptions identity;
      try (ConfigSection section = file.section("identity")) {
        identity = identity(section);
      }
      GatewayConfig config;
      try {
        config =
            GatewayConfig.of(targets, identity)
                .withListen(new InetSocketAddress(listen.host(), listen.port()));
      } catch (IllegalArgumentException e) {
        throw file.refused("targets", e.getMessage());
      }
      config = config.withLog(file.text("log", ""));
      try {
        config = config.withAdmin(file.texts("admin", List.of()));
      } catch (IllegalArgumentException e) {
        throw file.refused("admin", e.getMessage());
      }
      try {
        config =
            config.withAllowedOrigins(new LinkedHashSet<>(file.texts("allowedOrigins", List.of())));
      } catch (IllegalArgumentException e) {
        throw file.refused("allowedOrigins", e.getMessage());
      }
      config =
          config
              .withDeadline(
                  file.duration(
                      "deadline",
                      config.deadline(),
                      Duration.ofMillis(100),
                      Duration.ofSeconds(20)))
              .withDrain(
                  file.duration(
                      "drain", config.drain(), Duration.ofMillis(1), Duration.ofMinutes(1)));
      try (ConfigSection section = file.section("tls")) {
        config = tls(section).map(config::withTls).orElse(config);
      }
      try (ConfigSection section = file.section("cluster")) {
        config = cluster(section, config);
      }
      try (ConfigSection section = file.section("streams")) {
        config = config.withStreams(streams(section));
      }
      try (ConfigSection section = file.section("limits")) {
        return config.withLimits(limits(section));
      }
    }
  }

  private static HostAndPort listen(ConfigSection file) {
    try {
      return HostAndPort.parseListen(file.text("listen", "127.0.0.1:4580"));
    } catch (IllegalArgumentException e) {
      throw file.refused("listen", e.getMessage());
    }
  }

  private static Optional<TlsFiles> tls(ConfigSection section) {
    String chain = section.text("certificateChain", "");
    String key = section.text("privateKey", "");
    if (chain.isEmpty() && key.isEmpty()) {
      return Optional.empty();
    }
    if (chain.isEmpty() || key.isEmpty()) {
      throw section.refused(
          chain.isEmpty() ? "certificateChain" : "privateKey",
          "tls needs both a certificateChain and its privateKey");
    }
    return Optional.of(
        new TlsFiles(path(section, "certificateChain", chain), path(section, "privateKey", key)));
  }

  private static GatewayConfig cluster(ConfigSection section, GatewayConfig config) {
    boolean encrypted = flag(section, "tls", false);
    String trusted = section.text("trustedCertificates", "");
    String token = section.text("token", "");
    GatewayConfig result = config;
    if (!trusted.isEmpty()) {
      result =
          result.withClusterTls(TlsOptions.trusting(path(section, "trustedCertificates", trusted)));
    } else if (encrypted) {
      result = result.withClusterTls(TlsOptions.systemTrust());
    }
    return token.isEmpty() ? result : result.withClusterToken(token);
  }

  private static IdentityOptions identity(ConfigSection section) {
    IdentityMode mode = choice(section, "mode", IdentityMode.KEYS);
    String keys = section.text("signingKeys", "");
    if (mode == IdentityMode.KEYS && keys.isEmpty()) {
      throw section.refused(
          "signingKeys",
          "must name a file when mode is 'keys'; make one with 'varve token keygen --out FILE'");
    }
    IdentityOptions defaults =
        mode == IdentityMode.KEYS
            ? IdentityOptions.keys(path(section, "signingKeys", keys))
            : IdentityOptions.open();
    String audience = section.text("audience", defaults.audience());
    Duration token =
        section.duration(
            "tokenLifetime", defaults.tokenLifetime(), Duration.ofSeconds(10), Duration.ofDays(1));
    Duration challenge =
        section.duration(
            "challengeLifetime",
            defaults.challengeLifetime(),
            Duration.ofSeconds(5),
            Duration.ofMinutes(10));
    boolean register = flag(section, "selfRegistration", defaults.selfRegistration());
    boolean create = flag(section, "createSigningKeys", defaults.createSigningKeys());
    List<String> read = section.texts("read", defaults.defaultGrants().read());
    List<String> append = section.texts("append", defaults.defaultGrants().append());
    SecureCookie secure = choice(section, "secureCookie", defaults.secureCookie());
    Grants reading = taken(section, "read", () -> new Grants(read, List.of()));
    Grants appending = taken(section, "append", () -> new Grants(List.of(), append));
    IdentityOptions named = taken(section, "audience", () -> defaults.withAudience(audience));
    IdentityOptions living = taken(section, "tokenLifetime", () -> named.withTokenLifetime(token));
    return taken(section, "challengeLifetime", () -> living.withChallengeLifetime(challenge))
        .withSelfRegistration(register)
        .withCreateSigningKeys(create)
        .withDefaultGrants(new Grants(reading.read(), appending.append()))
        .withSecureCookie(secure);
  }

  /** What a value makes; a value that its taker does not want is refused by its key. */
  private static <T> T taken(ConfigSection section, String key, Supplier<T> maker) {
    try {
      return maker.get();
    } catch (IllegalArgumentException e) {
      throw section.refused(key, e.getMessage());
    }
  }

  private static StreamOptions streams(ConfigSection section) {
    StreamOptions defaults = StreamOptions.defaults();
    return defaults
        .withMaxStreams(
            section.number("streams", defaults.maxStreams(), 1, 1_000_000),
            section.number("perClient", defaults.maxStreamsPerClient(), 1, 10_000))
        .withBufferBytes(
            section.bytes("bufferBytes", defaults.bufferBytes(), 1 << 20, 16L << 30),
            defaults.streamBufferBytes())
        .withRingBytes(section.bytes("ringBytes", defaults.ringBytes(), 1 << 20, 16L << 30))
        .withHeartbeat(
            section.duration("heartbeat", defaults.heartbeat(), SECOND, Duration.ofMinutes(5)))
        .withStallLimit(
            section.duration("stallLimit", defaults.stallLimit(), SECOND, Duration.ofHours(1)));
  }

  private static Limits limits(ConfigSection section) {
    Limits defaults = Limits.defaults();
    return defaults
        .withConnections(section.number("connections", defaults.connections(), 1, 1_000_000))
        .withWaiters(section.number("waiters", defaults.waiters(), 1, 65_536))
        .withHeldBodyBytes(
            section.bytes(
                "heldBodyBytes", defaults.heldBodyBytes(), defaults.bodyBytes(), 16L << 30))
        .withHeldPageBytes(
            section.bytes("heldPageBytes", defaults.heldPageBytes(), 16L << 20, 16L << 30))
        .withRequestTimeout(
            section.duration(
                "requestTimeout", defaults.requestTimeout(), SECOND, Duration.ofMinutes(10)))
        .withIdleTimeout(
            section.duration(
                "idleTimeout", defaults.idleTimeout(), SECOND, Duration.ofMinutes(10)));
  }

  /** A truth, or what stands in for it. */
  private static boolean flag(ConfigSection section, String key, boolean otherwise) {
    return switch (section.text(key, Boolean.toString(otherwise))) {
      case "true" -> true;
      case "false" -> false;
      default -> throw section.refused(key, "must be true or false");
    };
  }

  /** One of an enum's words, written in lower case with dashes. */
  private static <E extends Enum<E>> E choice(ConfigSection section, String key, E otherwise) {
    String text = section.text(key, word(otherwise));
    E[] all = otherwise.getDeclaringClass().getEnumConstants();
    return Stream.of(all)
        .filter(one -> word(one).equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                section.refused(
                    key,
                    "'"
                        + text
                        + "' is none of "
                        + Stream.of(all).map(GatewayConfigFile::word).toList()));
  }

  private static String word(Enum<?> one) {
    return one.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Path path(ConfigSection section, String key, String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw section.refused(key, "'" + text + "' is no path: " + e.getReason());
    }
  }
}
