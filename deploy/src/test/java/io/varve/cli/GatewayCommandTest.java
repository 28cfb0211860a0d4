package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.varve.cli.demo.DemoCluster;
import io.varve.client.json.Json;
import io.varve.testkit.FreePorts;
import java.io.BufferedReader;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(SharedCluster.class)
class GatewayCommandTest {
  private static final Path PAGE = Path.of("..", "docs", "gateway.md");
  private static final Pattern READY = Pattern.compile("ready http=(127\\.0\\.0\\.1:\\d+)\n");

  @TempDir Path directory;
  private final List<Cli.Running> gateways = new ArrayList<>();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Cli cli = new Cli();
  private String targets = "";

  @BeforeEach
  void find(DemoCluster cluster) {
    targets = cluster.ports().clientAddresses();
  }

  @AfterEach
  void stop() {
    gateways.forEach(Cli.Running::stop);
  }

  @Test
  void itServesFromTheLineThatSaysWhere() throws Exception {
    Cli.Running gateway = start(open());
    String address = address(gateway);

    Eventually.holds(() -> status(address, "/ready") == 200);
    assertThat(status(address, "/live")).isEqualTo(200);
    HttpResponse<String> pushed =
        post(
            address,
            "/v1/push",
            "",
            """
            {"clientId":"c","bufferId":"b","events":[
              {"clientSeq":1,"source":"gateway-command","type":"Pushed"}]}""");
    assertThat(pushed.statusCode()).as(pushed.body()).isEqualTo(200);
    assertThat(
            cli.with("VARVE_TARGET", targets)
                .run("read", "--source", "gateway-command", "--json")
                .onlyJson()
                .get("clientId")
                .asText())
        .isEqualTo("c");

    gateway.stop();

    assertThat(gateway.result().get(60, TimeUnit.SECONDS).exit()).isZero();
    assertThat(status(address, "/live")).isZero();
  }

  @Test
  void everyMetricOfThePageIsServed() throws Exception {
    String address = address(start(open()));
    Eventually.holds(() -> status(address, "/ready") == 200);
    TreeSet<String> documented = new TreeSet<>();
    for (Matcher row =
            Pattern.compile("(?m)^\\| `(varve_gateway_\\w+)` \\|").matcher(Files.readString(PAGE));
        row.find(); ) {
      documented.add(row.group(1));
    }

    String served = get(address, "/metrics", "").body();

    assertThat(documented).hasSizeGreaterThan(10);
    assertThat(documented)
        .allSatisfy(name -> assertThat(served).containsPattern("(?m)^# TYPE " + name + " "));
  }

  @Test
  void flagsAndTheEnvironmentOverrideTheFile() throws Exception {
    Path file = Files.writeString(directory.resolve("gateway.yaml"), "listen: 127.0.0.1:1\n");
    cli.with("VARVE_TARGETS", targets).with("VARVE_IDENTITY_MODE", "keys");
    Cli.Running gateway =
        cli.start(
            "gateway",
            "--config",
            file.toString(),
            "--set",
            "listen=127.0.0.1:0",
            "--set",
            "identity.mode=open");
    gateways.add(gateway);
    String address = address(gateway);

    Eventually.holds(() -> status(address, "/ready") == 200);
    assertThat(Cli.json(get(address, "/v1/identity", "").body()).get("mode").asText())
        .isEqualTo("open");

    assertThat(cli.run("gateway", "--config", file.toString(), "--set", "limits.waiter=1").err())
        .contains(
            "--set limits.waiter: unknown key 'limits.waiter'; did you mean 'limits.waiters'");
    assertThat(
            new Cli()
                .with("VARVE_LIMITS_WAITER", "1")
                .run("gateway", "--config", file.toString())
                .err())
        .contains("VARVE_LIMITS_WAITER: no key has this environment variable; did you mean");
  }

  @Test
  void mistakesInTheConfigurationAreClearErrors() throws Exception {
    assertRefused("targets: h:1\nidentity: {mode: open}\nlimts: {}\n")
        .contains("line 3: unknown key 'limts'; did you mean 'limits'?");
    assertRefused("targets: h:1\n")
        .contains("'identity.signingKeys': must name a file when mode is 'keys'")
        .contains("varve token keygen --out FILE");
    assertRefused("targets: h:1\nidentity: {signingKeys: /no/such/keys.json}\n")
        .contains("the gateway cannot start: ")
        .contains("/no/such/keys.json");
    assertRefused("targets: h:1\nidentity: {mode: open}\nallowedOrigins: https://a.example/app\n")
        .contains("'allowedOrigins'")
        .contains("'https://a.example/app' is not an origin such as https://app.example.com");
    assertRefused(
            """
            targets: h:1
            identity: {mode: open}
            listen: 127.0.0.1:0
            tls: {certificateChain: /no/such/chain.pem, privateKey: /no/such/key.pem}
            """)
        .contains("the gateway cannot start: ")
        .contains("/no/such/");
    assertThat(cli.run("gateway", "--config", "/no/such/file").err()).contains("/no/such/file");
    assertThat(cli.run("gateway").exit()).isEqualTo(2);
  }

  @Test
  void aPortInUseIsAClearError() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertRefused(
              "targets: h:1\nidentity: {mode: open}\nlisten: 127.0.0.1:"
                  + other.getLocalPort()
                  + "\n")
          .contains("the gateway cannot start: ")
          .contains("127.0.0.1:" + other.getLocalPort())
          .contains("in use");
    }
  }

  @Test
  void withoutTheClusterItStartsAndIsNotReady() throws Exception {
    int nobody = FreePorts.next();
    String address =
        address(
            start(
                "targets: 127.0.0.1:"
                    + nobody
                    + "\nlisten: 127.0.0.1:0\nidentity: {mode: open}\ndeadline: 1s\n"));

    assertThat(status(address, "/live")).isEqualTo(200);
    HttpResponse<String> ready = get(address, "/ready", "");
    assertThat(ready.statusCode()).isEqualTo(503);
    assertThat(ready.body()).startsWith("not ready: the cluster");
  }

  @Test
  void gatewaysWithTheSameKeysAcceptEachOthersTokens() throws Exception {
    String keys = keygen("keys.json");
    String others = keygen("others.json");
    String first = address(start(keys(keys)));
    String second = address(start(keys(keys)));
    String stranger = address(start(keys(others)));

    String token = token(first);

    assertThat(get(first, "/v1/head", token).statusCode()).isEqualTo(200);
    HttpResponse<String> elsewhere = get(second, "/v1/head", token);
    assertThat(elsewhere.statusCode()).as(elsewhere.body()).isEqualTo(200);
    assertThat(get(stranger, "/v1/head", token).statusCode()).isEqualTo(401);
    assertThat(get(second, "/v1/head", "").statusCode()).isEqualTo(401);
  }

  /** As its own process, as a supervisor ends it, with a stream and a waiting request open. */
  @Test
  void sigtermEndsItCleanly() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                "io.varve.cli.Varve",
                "gateway",
                "--config",
                file(open()).toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = process.inputReader()) {
      Matcher ready = READY.matcher(out.readLine() + "\n");
      assertThat(ready.matches()).isTrue();
      String address = ready.group(1);
      Eventually.holds(() -> status(address, "/ready") == 200);
      var waiting =
          http.sendAsync(
              request(address, "/v1/events?source=nothing-ever&wait=60", "").build(),
              HttpResponse.BodyHandlers.ofString());
      HttpResponse<java.util.stream.Stream<String>> stream =
          http.send(
              request(address, "/v1/stream?source=nothing-ever", "").build(),
              HttpResponse.BodyHandlers.ofLines());
      Eventually.holds(
          () ->
              metric(address, "varve_gateway_waiting_requests") == 1
                  && metric(address, "varve_gateway_streams_open") == 1);

      assertThat(
              new ProcessBuilder("kill", "-TERM", Long.toString(process.pid())).start().waitFor())
          .isZero();

      assertThat(stream.body().toList()).contains("event: reconnect");
      assertThat(waiting.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(out.readLine()).isNull();
    } finally {
      process.destroyForcibly();
    }
  }

  private String open() {
    return "targets: " + targets + "\nlisten: 127.0.0.1:0\nidentity: {mode: open}\n";
  }

  private String keys(String file) {
    return "targets: "
        + targets
        + "\nlisten: 127.0.0.1:0\nidentity: {signingKeys: "
        + file
        + ", selfRegistration: true, read: '*'}\n";
  }

  private String keygen(String name) {
    Path file = directory.resolve(name);
    assertThat(cli.run("token", "keygen", "--out", file.toString()).exit()).isZero();
    return file.toString();
  }

  private Path file(String yaml) throws IOException {
    return Files.writeString(Files.createTempFile(directory, "gateway", ".yaml"), yaml);
  }

  private Cli.Running start(String yaml) throws IOException {
    Cli.Running gateway = cli.start("gateway", "--config", file(yaml).toString());
    gateways.add(gateway);
    return gateway;
  }

  private static String address(Cli.Running gateway) {
    Eventually.holds(() -> gateway.out().startsWith("ready ") || gateway.result().isDone());
    assertThat(gateway.result()).as(gateway::err).isNotDone();
    Matcher ready = READY.matcher(gateway.out());
    assertThat(ready.matches()).as(gateway.out()).isTrue();
    return ready.group(1);
  }

  private org.assertj.core.api.AbstractStringAssert<?> assertRefused(String yaml)
      throws IOException {
    Cli.Result result = cli.run("gateway", "--config", file(yaml).toString());
    assertThat(result.exit()).as(result.err()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    return assertThat(result.err()).startsWith("varve: ");
  }

  private int status(String address, String path) {
    try {
      return get(address, path, "").statusCode();
    } catch (IOException e) {
      return 0;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private double metric(String address, String name) {
    try {
      Matcher line =
          Pattern.compile("(?m)^" + name + " (\\S+)$").matcher(get(address, "/metrics", "").body());
      return line.find() ? Double.parseDouble(line.group(1)) : 0;
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A new client's token, from its key. */
  private String token(String address) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    KeyPair pair = generator.generateKeyPair();
    ECPublicKey key = (ECPublicKey) pair.getPublic();
    String jwk =
        Json.object(
            out -> {
              out.writeStringField("kty", "EC");
              out.writeStringField("crv", "P-256");
              out.writeStringField("x", coordinate(key.getW().getAffineX()));
              out.writeStringField("y", coordinate(key.getW().getAffineY()));
            });
    HttpResponse<String> asked =
        post(address, "/v1/identity/challenge", "", "{\"publicKey\":" + jwk + "}");
    assertThat(asked.statusCode()).as(asked.body()).isEqualTo(200);
    JsonNode challenge = Cli.json(asked.body());
    Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
    signature.initSign(pair.getPrivate());
    signature.update(
        ("varve-identity-v1\n"
                + challenge.get("audience").asText()
                + "\n"
                + challenge.get("challenge").asText())
            .getBytes(StandardCharsets.UTF_8));
    String answer = Base64.getUrlEncoder().withoutPadding().encodeToString(signature.sign());
    HttpResponse<String> given =
        post(
            address,
            "/v1/identity/token",
            "",
            "{\"publicKey\":"
                + jwk
                + ",\"challenge\":\""
                + challenge.get("challenge").asText()
                + "\",\"signature\":\""
                + answer
                + "\"}");
    assertThat(given.statusCode()).as(given.body()).isEqualTo(200);
    return Cli.json(given.body()).get("token").asText();
  }

  private static String coordinate(BigInteger value) {
    byte[] fixed = new byte[32];
    byte[] bytes = value.toByteArray();
    int length = Math.min(bytes.length, fixed.length);
    System.arraycopy(bytes, bytes.length - length, fixed, fixed.length - length, length);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(fixed);
  }

  private HttpResponse<String> get(String address, String path, String token)
      throws IOException, InterruptedException {
    return http.send(request(address, path, token).build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String address, String path, String token, String json)
      throws IOException, InterruptedException {
    return http.send(
        request(address, path, token)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(String address, String path, String token) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + address + path))
            .timeout(Duration.ofSeconds(90));
    return token.isEmpty() ? request : request.header("authorization", "Bearer " + token);
  }
}
