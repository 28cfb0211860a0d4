package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetHeadResponse;
import io.varve.proto.v1.LogServiceGrpc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --tls-*} and {@code --token}, against a node that looks at both. */
class ConnectionFlagsTest {
  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir static Path directory;

  private final List<Server> servers = new ArrayList<>();
  private final List<String> authorizations = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void makeCertificates() throws Exception {
    make("server");
    make("client");
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (Server server : servers) {
      server.shutdownNow();
      assertThat(server.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void tlsIsSpokenToANodeThatIsTrusted() throws IOException {
    String node = node(TlsServerCredentials.create(file("server.pem"), file("server.key")));

    assertThat(head(node, "--tls-ca", path("server.pem")).out()).startsWith("42  recorded");
    assertThat(unanswered(node, "--tls-ca", path("client.pem")).exit()).isEqualTo(4);
    assertThat(unanswered(node).exit()).as("in the clear").isEqualTo(4);
  }

  @Test
  void aNodeThatAsksForACertificateGetsIt() throws IOException {
    String node =
        node(
            TlsServerCredentials.newBuilder()
                .keyManager(file("server.pem"), file("server.key"))
                .trustManager(file("client.pem"))
                .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                .build());
    String[] trusting = {"--tls-ca", path("server.pem")};

    assertThat(unanswered(node, trusting).exit()).isEqualTo(4);
    assertThat(
            head(
                    node,
                    "--tls-ca",
                    path("server.pem"),
                    "--tls-cert",
                    path("client.pem"),
                    "--tls-key",
                    path("client.key"))
                .exit())
        .isZero();
  }

  @Test
  void filesThatCannotBeReadAreUsageErrors() {
    Cli.Result missing = head("127.0.0.1:1", "--tls-ca", path("none.pem"));

    assertThat(missing.exit()).isEqualTo(2);
    assertThat(missing.err()).contains("cannot read " + path("none.pem"));
  }

  @Test
  void theTokenGoesWithEveryCall() throws IOException {
    String node = node(InsecureServerCredentials.create());

    assertThat(head(node, "--token", "abc.def").exit()).isZero();
    assertThat(authorizations).isNotEmpty().containsOnly("Bearer abc.def");

    authorizations.clear();
    new Cli().with("VARVE_TOKEN", "from-the-environment").run("head", "--target", node);
    assertThat(authorizations).isNotEmpty().containsOnly("Bearer from-the-environment");

    authorizations.clear();
    assertThat(head(node).exit()).isZero();
    assertThat(authorizations).isNotEmpty().containsOnly("none");
  }

  @Test
  void aTokenThatIsNoneIsAUsageErrorAndNotRepeated() {
    Cli.Result result = head("127.0.0.1:1", "--token", "se cret\n");

    assertThat(result.exit()).isEqualTo(2);
    assertThat(result.err()).contains("--token: ").doesNotContain("cret");
  }

  private static Cli.Result head(String node, String... more) {
    return headWithin("60", node, more);
  }

  /** What takes as long as it may. */
  private static Cli.Result unanswered(String node, String... more) {
    return headWithin("1", node, more);
  }

  private static Cli.Result headWithin(String deadline, String node, String... more) {
    List<String> arguments = new ArrayList<>(List.of("head", "--target", node));
    arguments.addAll(List.of("--deadline", deadline));
    arguments.addAll(List.of(more));
    return new Cli().run(arguments.toArray(String[]::new));
  }

  private String node(ServerCredentials credentials) throws IOException {
    Server server =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), credentials)
            .intercept(new Looking(authorizations))
            .addService(
                new LogServiceGrpc.LogServiceImplBase() {
                  @Override
                  public void getHead(
                      GetHeadRequest request, StreamObserver<GetHeadResponse> answer) {
                    answer.onNext(
                        GetHeadResponse.newBuilder()
                            .setLogIdentity(ByteString.copyFrom(new byte[16]))
                            .setHead(42)
                            .setRecorded(
                                com.google.protobuf.Timestamp.newBuilder()
                                    .setSeconds(1_800_000_000))
                            .build());
                    answer.onCompleted();
                  }
                })
            .build()
            .start();
    servers.add(server);
    return "127.0.0.1:" + server.getPort();
  }

  /** Notes what each call says who it is. */
  private record Looking(List<String> authorizations) implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      authorizations.add(
          Optional.ofNullable(
                  headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER)))
              .orElse("none"));
      return next.startCall(call, headers);
    }
  }

  private static java.io.File file(String name) {
    return directory.resolve(name).toFile();
  }

  private static String path(String name) {
    return directory.resolve(name).toString();
  }

  /** Makes a self-signed certificate for 127.0.0.1 with the JDK's own tool. */
  private static void make(String name) throws Exception {
    Path store = directory.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                "SAN=IP:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                new String(PASSWORD))
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve(name + ".log").toFile())
            .start();
    assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(keytool.exitValue()).isZero();
    KeyStore loaded = KeyStore.getInstance(store.toFile(), PASSWORD);
    pem(name + ".key", "PRIVATE KEY", loaded.getKey(name, PASSWORD).getEncoded());
    pem(name + ".pem", "CERTIFICATE", loaded.getCertificate(name).getEncoded());
  }

  private static void pem(String file, String kind, byte[] der) throws IOException {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    Files.writeString(
        directory.resolve(file),
        "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n");
  }
}
