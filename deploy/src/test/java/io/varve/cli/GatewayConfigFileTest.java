package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.TlsOptions;
import io.varve.gateway.GatewayConfig;
import io.varve.gateway.TlsFiles;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.identity.IdentityMode;
import io.varve.gateway.identity.IdentityOptions;
import io.varve.gateway.identity.SecureCookie;
import io.varve.node.config.ConfigException;
import io.varve.node.config.ConfigKey;
import io.varve.node.config.Overrides;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GatewayConfigFileTest {

  private static final String LEAST = "targets: n1:4520\nidentity: {mode: open}\n";

  /** Every key, each with a value that is not its default. */
  private static final Map<String, String> EVERY =
      Map.ofEntries(
          Map.entry("listen", "0.0.0.0:4581"),
          Map.entry("targets", "n1:4520, n2:4520"),
          Map.entry("admin", "n1:4522, n2:4522"),
          Map.entry("log", "orders"),
          Map.entry("allowedOrigins", "https://a.example, http://localhost:*"),
          Map.entry("deadline", "7s"),
          Map.entry("drain", "3s"),
          Map.entry("tls.certificateChain", "/tls/chain.pem"),
          Map.entry("tls.privateKey", "/tls/key.pem"),
          Map.entry("cluster.tls", "true"),
          Map.entry("cluster.trustedCertificates", "/tls/nodes.pem"),
          Map.entry("cluster.token", "s3cret"),
          Map.entry("identity.mode", "keys"),
          Map.entry("identity.signingKeys", "/keys/keys.json"),
          Map.entry("identity.createSigningKeys", "true"),
          Map.entry("identity.audience", "shop"),
          Map.entry("identity.tokenLifetime", "5m"),
          Map.entry("identity.challengeLifetime", "30s"),
          Map.entry("identity.selfRegistration", "true"),
          Map.entry("identity.read", "*"),
          Map.entry("identity.append", "till/{client}/, shared/"),
          Map.entry("identity.secureCookie", "over-tls-or-forwarded"),
          Map.entry("streams.streams", "77"),
          Map.entry("streams.perClient", "7"),
          Map.entry("streams.bufferBytes", "2MiB"),
          Map.entry("streams.ringBytes", "3MiB"),
          Map.entry("streams.heartbeat", "10s"),
          Map.entry("streams.stallLimit", "2m"),
          Map.entry("limits.connections", "99"),
          Map.entry("limits.waiters", "9"),
          Map.entry("limits.heldBodyBytes", "32MiB"),
          Map.entry("limits.heldPageBytes", "33MiB"),
          Map.entry("limits.requestTimeout", "80s"),
          Map.entry("limits.idleTimeout", "5s"));

  @TempDir Path directory;

  @Test
  void everyKeyReachesTheConfiguration() throws IOException {
    assertThat(EVERY.keySet())
        .containsExactlyInAnyOrderElementsOf(
            GatewayConfigFile.keys().stream().map(ConfigKey::path).toList());
    StringBuilder yaml = new StringBuilder();
    for (String section : List.of("", "tls", "cluster", "identity", "streams", "limits")) {
      yaml.append(section.isEmpty() ? "" : section + ":\n");
      EVERY.forEach(
          (key, value) -> {
            int dot = key.indexOf('.');
            if (key.substring(0, Math.max(dot, 0)).equals(section)) {
              yaml.append(section.isEmpty() ? "" : "  ")
                  .append(key.substring(dot + 1))
                  .append(": \"")
                  .append(value)
                  .append("\"\n");
            }
          });
    }

    assertIsEvery(load(yaml.toString(), GatewayConfigFile.overrides()));
  }

  @Test
  void everyKeyHasAnEnvironmentVariableAndAFlag() throws IOException {
    Map<String, String> environment =
        EVERY.entrySet().stream()
            .collect(
                java.util.stream.Collectors.toMap(
                    entry -> new ConfigKey(entry.getKey(), "", "", "").variable(),
                    Map.Entry::getValue));
    assertThat(environment).hasSameSizeAs(EVERY);
    Overrides flags = GatewayConfigFile.overrides();
    EVERY.forEach((key, value) -> flags.set(key + "=" + value));

    assertIsEvery(load("", GatewayConfigFile.overrides().environment(environment)));
    assertIsEvery(load("", flags));
  }

  @Test
  void flagsWinOverTheEnvironmentAndThisOverTheFile() throws IOException {
    Map<String, String> environment = Map.of("VARVE_DRAIN", "2s", "VARVE_LOG", "b");

    GatewayConfig config =
        load(
            LEAST + "drain: 1s\nlog: a\ndeadline: 4s\n",
            GatewayConfigFile.overrides().environment(environment).set("log=c"));

    assertThat(config.deadline()).isEqualTo(Duration.ofSeconds(4));
    assertThat(config.drain()).isEqualTo(Duration.ofSeconds(2));
    assertThat(config.log()).isEqualTo("c");
  }

  @Test
  void whatIsLeftOutIsAsTheGatewayHasItByDefault() throws IOException {
    Path keys = Path.of("/keys/keys.json");

    GatewayConfig open = load(LEAST, GatewayConfigFile.overrides());
    GatewayConfig known =
        load(
            "targets: n1:4520\nidentity: {signingKeys: " + keys + "}\n",
            GatewayConfigFile.overrides());

    InetSocketAddress listen = new InetSocketAddress(InetAddress.getLoopbackAddress(), 4580);
    assertThat(open)
        .isEqualTo(GatewayConfig.of(List.of("n1:4520"), IdentityOptions.open()).withListen(listen));
    assertThat(known)
        .isEqualTo(
            GatewayConfig.of(List.of("n1:4520"), IdentityOptions.keys(keys)).withListen(listen));
  }

  @Test
  void theClustersCertificateMayBeOneThatTheMachineTrusts() throws IOException {
    assertThat(load(LEAST + "cluster: {tls: true}\n", GatewayConfigFile.overrides()).clusterTls())
        .contains(TlsOptions.systemTrust());
    assertThat(load(LEAST + "cluster: {tls: false}\n", GatewayConfigFile.overrides()).clusterTls())
        .isEmpty();
  }

  /** What the table of docs/gateway.md promises is taken, to its ends and not beyond. */
  @Test
  void everyNumberIsTakenFromEndToEndOfItsRange() throws IOException {
    for (ConfigKey key : GatewayConfigFile.keys()) {
      if (key.range().isEmpty()) {
        continue;
      }
      List<String> ends = List.of(key.range().split(" to ", 2));
      for (String end : ends) {
        assertThat(load(LEAST, GatewayConfigFile.overrides().set(key.path() + "=" + end)))
            .as(key.path())
            .isNotNull();
      }
      assertThatThrownBy(() -> load(LEAST, GatewayConfigFile.overrides().set(key.path() + "=0")))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith("--set " + key.path() + ": '" + key.path() + "' must be ");
      String above = ends.get(1).replaceFirst("(\\d+)", "9$1");
      assertThatThrownBy(
              () -> load(LEAST, GatewayConfigFile.overrides().set(key.path() + "=" + above)))
          .isInstanceOf(ConfigException.class)
          .hasMessage(
              "--set "
                  + key.path()
                  + ": '"
                  + key.path()
                  + "' must be from "
                  + key.range()
                  + ", not '"
                  + above
                  + "'");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "targets=,            | targets | name at least one node",
        "targets=n1           | targets | not HOST:PORT: 'n1'",
        "targets=n1:0         | targets | the port is not 1 to 65535: 'n1:0'",
        "listen=4580          | listen | not HOST:PORT: '4580'",
        "listen=h:70000       | listen | the port is not 0 to 65535: 'h:70000'",
        "admin=n1             | admin | 'n1' is not HOST:PORT",
        "allowedOrigins=*     | allowedOrigins | '*' is not an origin such as",
        "allowedOrigins=https://a.example/ | allowedOrigins | is not an origin such as",
        "allowedOrigins=a.example | allowedOrigins | is not an origin such as",
        "deadline=soon        | deadline | must be a duration",
        "tls.privateKey=k     | tls.certificateChain | needs both a certificateChain and its",
        "tls.certificateChain=c | tls.privateKey | needs both a certificateChain and its",
        "cluster.tls=yes      | cluster.tls | must be true or false",
        "identity.mode=closed | identity.mode | 'closed' is none of [keys, open]",
        "identity.mode=keys   | identity.signingKeys | make one with 'varve token keygen --out FILE'",
        "identity.audience=a b | identity.audience | printable ASCII",
        "identity.tokenLifetime=10500ms | identity.tokenLifetime | whole seconds",
        "identity.challengeLifetime=5500ms | identity.challengeLifetime | whole seconds",
        "identity.selfRegistration=1 | identity.selfRegistration | must be true or false",
        "identity.read=shop/* | identity.read | write 'shop/' rather than 'shop/*'",
        "identity.append=a/*  | identity.append | write 'a/' rather than 'a/*'",
        "identity.secureCookie=never | identity.secureCookie | is none of [over-tls,"
            + " over-tls-or-forwarded, always]",
        "limits.waiters=many  | limits.waiters | must be a whole number",
        "streams.bufferBytes=1MB | streams.bufferBytes | must be a number of bytes"
      })
  void mistakesAreNamedByTheirKey(String setting, String key, String reason) {
    assertThatThrownBy(() -> load(LEAST, GatewayConfigFile.overrides().set(setting)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("'" + key + "'")
        .hasMessageContaining(reason);
  }

  @Test
  void mistakesInTheFileAreNamedByTheirLine() {
    assertThatThrownBy(() -> load(LEAST + "limts: {}\n", GatewayConfigFile.overrides()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("gateway.yaml: line 3: unknown key 'limts'; did you mean 'limits'?");
    assertThatThrownBy(
            () -> load(LEAST + "streams:\n  hartbeat: 1s\n", GatewayConfigFile.overrides()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("line 4: unknown key 'streams.hartbeat'; did you mean");
    assertThatThrownBy(() -> load("identity: {mode: open}\n", GatewayConfigFile.overrides()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("'targets' is required; set it there, or with VARVE_TARGETS");
    assertThatThrownBy(
            () ->
                GatewayConfigFile.load(
                    directory.resolve("none.yaml"), GatewayConfigFile.overrides()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("cannot read " + directory.resolve("none.yaml"));
  }

  private static void assertIsEvery(GatewayConfig config) {
    assertThat(config.listen()).isEqualTo(new InetSocketAddress("0.0.0.0", 4581));
    assertThat(config.targets()).containsExactly("n1:4520", "n2:4520");
    assertThat(config.admin()).containsExactly("n1:4522", "n2:4522");
    assertThat(config.log()).isEqualTo("orders");
    assertThat(config.allowedOrigins())
        .containsExactlyInAnyOrder("https://a.example", "http://localhost:*");
    assertThat(config.deadline()).isEqualTo(Duration.ofSeconds(7));
    assertThat(config.drain()).isEqualTo(Duration.ofSeconds(3));
    assertThat(config.tls())
        .contains(new TlsFiles(Path.of("/tls/chain.pem"), Path.of("/tls/key.pem")));
    assertThat(config.clusterTls()).contains(TlsOptions.trusting(Path.of("/tls/nodes.pem")));
    assertThat(config.clusterToken()).contains("s3cret");
    assertThat(config.identity())
        .isEqualTo(
            new IdentityOptions(
                IdentityMode.KEYS,
                "shop",
                Optional.of(Path.of("/keys/keys.json")),
                true,
                Duration.ofMinutes(5),
                Duration.ofSeconds(30),
                true,
                new Grants(List.of("*"), List.of("till/{client}/", "shared/")),
                SecureCookie.OVER_TLS_OR_FORWARDED));
    assertThat(config.streams().maxStreams()).isEqualTo(77);
    assertThat(config.streams().maxStreamsPerClient()).isEqualTo(7);
    assertThat(config.streams().bufferBytes()).isEqualTo(2 << 20);
    assertThat(config.streams().ringBytes()).isEqualTo(3 << 20);
    assertThat(config.streams().heartbeat()).isEqualTo(Duration.ofSeconds(10));
    assertThat(config.streams().stallLimit()).isEqualTo(Duration.ofMinutes(2));
    assertThat(config.limits().connections()).isEqualTo(99);
    assertThat(config.limits().waiters()).isEqualTo(9);
    assertThat(config.limits().heldBodyBytes()).isEqualTo(32 << 20);
    assertThat(config.limits().requestTimeout()).isEqualTo(Duration.ofSeconds(80));
    assertThat(config.limits().idleTimeout()).isEqualTo(Duration.ofSeconds(5));
    assertThat(config.limits().heldPageBytes()).isEqualTo(33 << 20);
  }

  private GatewayConfig load(String yaml, Overrides overrides) throws IOException {
    return GatewayConfigFile.load(
        Files.writeString(directory.resolve("gateway.yaml"), yaml), overrides);
  }
}
