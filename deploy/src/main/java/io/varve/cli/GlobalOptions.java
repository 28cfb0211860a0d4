package io.varve.cli;

import io.varve.cli.demo.DemoPorts;
import io.varve.client.TlsOptions;
import io.varve.client.VarveClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The flags every command takes, before or after its name. */
final class GlobalOptions {

  private static final double MIN_DEADLINE_SECONDS = 0.001;
  private static final double MAX_DEADLINE_SECONDS = 86_400;

  @Option(
      names = "--target",
      paramLabel = "HOST:PORT[,…]",
      scope = ScopeType.INHERIT,
      description =
          "Nodes to speak to. Default: the environment's VARVE_TARGET, else the demo's nodes.")
  private @Nullable String target;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "Print one JSON object per result line.")
  private boolean json;

  @Option(
      names = "--deadline",
      paramLabel = "SECONDS",
      defaultValue = "10",
      scope = ScopeType.INHERIT,
      description = "How long one call may take, retries included. Default: ${DEFAULT-VALUE}.")
  private double deadlineSeconds;

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      scope = ScopeType.INHERIT,
      description =
          "Who you are: sent with every call. Default: the environment's VARVE_TOKEN, which others"
              + " on this machine cannot read.")
  private @Nullable String token;

  @Option(
      names = "--tls-ca",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "Encrypt, and trust the authorities in this PEM file.")
  private @Nullable Path tlsAuthorities;

  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "Encrypt, and present this PEM certificate chain.")
  private @Nullable Path tlsCertificate;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "The certificate's private key (PEM, PKCS #8).")
  private @Nullable Path tlsKey;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Say how a command is used.")
  @SuppressWarnings("unused") // picocli itself acts on it.
  private boolean help;

  boolean json() {
    return json;
  }

  /** The nodes to speak to, HOST:PORT separated by commas. */
  String target(Map<String, String> environment) {
    if (target != null) {
      return target;
    }
    String named = environment.getOrDefault("VARVE_TARGET", "");
    return named.isBlank() ? DemoPorts.defaults().clientAddresses() : named;
  }

  /**
   * Starts building a client as these flags say.
   *
   * @throws UsageException if they contradict each other
   */
  VarveClient.Builder client(Map<String, String> environment) {
    return client(environment, target(environment));
  }

  /**
   * The same, but speaking to other nodes.
   *
   * @param target the nodes, HOST:PORT separated by commas
   */
  VarveClient.Builder client(Map<String, String> environment, String target) {
    VarveClient.Builder builder = VarveClient.builder().target(target).deadline(deadline());
    tls().ifPresent(builder::tls);
    token(builder, environment);
    return builder;
  }

  /**
   * How long one call may take.
   *
   * @throws UsageException if it is out of bounds
   */
  Duration deadline() {
    if (!(deadlineSeconds >= MIN_DEADLINE_SECONDS && deadlineSeconds <= MAX_DEADLINE_SECONDS)) {
      throw new UsageException(
          "--deadline must be "
              + MIN_DEADLINE_SECONDS
              + " to "
              + MAX_DEADLINE_SECONDS
              + " seconds: "
              + deadlineSeconds);
    }
    return Duration.ofMillis((long) (deadlineSeconds * 1_000));
  }

  private void token(VarveClient.Builder builder, Map<String, String> environment) {
    boolean given = token != null;
    String value = token != null ? token : environment.getOrDefault("VARVE_TOKEN", "");
    if (!given && value.isEmpty()) {
      return;
    }
    try {
      builder.token(value);
    } catch (IllegalArgumentException e) {
      throw new UsageException((given ? "--token: " : "VARVE_TOKEN: ") + e.getMessage());
    }
  }

  private Optional<TlsOptions> tls() {
    if ((tlsCertificate == null) != (tlsKey == null)) {
      throw new UsageException("--tls-cert and --tls-key go together");
    }
    if (tlsAuthorities == null && tlsCertificate == null) {
      return Optional.empty();
    }
    for (Path file : nonNull(tlsAuthorities, tlsCertificate, tlsKey)) {
      if (!Files.isReadable(file)) {
        throw new UsageException("cannot read " + file);
      }
    }
    return Optional.of(
        new TlsOptions(
            Optional.ofNullable(tlsAuthorities),
            Optional.ofNullable(tlsCertificate),
            Optional.ofNullable(tlsKey)));
  }

  private static List<Path> nonNull(@Nullable Path... paths) {
    return Stream.of(paths).flatMap(Stream::ofNullable).toList();
  }
}
