package io.varve.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.InsecureServerCredentials;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Encrypted connections, with certificates made on the spot. */
class TlsTest extends ScriptedClusterTest {

  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir static Path directory;

  private static Path certificate;
  private static Path key;
  private static Path otherCertificate;

  @BeforeAll
  static void makeCertificates() throws Exception {
    certificate = make("server");
    key = directory.resolve("server.key");
    otherCertificate = make("other");
  }

  /** Makes a self-signed certificate for 127.0.0.1 with the JDK's own tool. */
  private static Path make(String name) throws Exception {
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
    assertThat(keytool.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
    assertThat(keytool.exitValue()).isZero();
    KeyStore loaded = KeyStore.getInstance(store.toFile(), PASSWORD);
    pem(name + ".key", "PRIVATE KEY", loaded.getKey(name, PASSWORD).getEncoded());
    return pem(name + ".pem", "CERTIFICATE", loaded.getCertificate(name).getEncoded());
  }

  private static Path pem(String file, String kind, byte[] der) throws IOException {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    return Files.writeString(
        directory.resolve(file),
        "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n");
  }

  private FakeNode secured(ServerCredentials credentials) {
    FakeNode node = closeLater(new FakeNode("n1", log, credentials));
    node.leader = node::address;
    return node;
  }

  @Test
  void speaksToANodeWhoseCertificateItTrusts() throws IOException {
    FakeNode node = secured(TlsServerCredentials.create(certificate.toFile(), key.toFile()));
    VarveClient client = client(builder(node).tls(TlsOptions.trusting(certificate)));

    client.append(event("s", "a")).orThrow();
    try (EventStream events = client.read(ReadOptions.wholeLog())) {
      assertThat(events.stream().count()).isEqualTo(1);
    }
  }

  @Test
  void presentsItsOwnCertificate() throws IOException {
    FakeNode node =
        secured(
            TlsServerCredentials.newBuilder()
                .keyManager(certificate.toFile(), key.toFile())
                .trustManager(otherCertificate.toFile())
                .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                .build());
    TlsOptions tls =
        TlsOptions.trusting(certificate)
            .withCertificate(otherCertificate, directory.resolve("other.key"));

    client(builder(node).tls(tls)).append(event("s", "a")).orThrow();
    assertThatThrownBy(
            () ->
                client(
                        builder(node)
                            .tls(TlsOptions.trusting(certificate))
                            .deadline(Duration.ofSeconds(1)))
                    .head())
        .isInstanceOf(UnavailableException.class);
  }

  @Test
  void refusesANodeItDoesNotTrust() throws IOException, GeneralSecurityException {
    FakeNode node = secured(TlsServerCredentials.create(certificate.toFile(), key.toFile()));
    for (TlsOptions tls :
        new TlsOptions[] {TlsOptions.trusting(otherCertificate), TlsOptions.systemTrust()}) {
      VarveClient client = client(builder(node).tls(tls).deadline(Duration.ofSeconds(1)));
      assertThatThrownBy(client::head).isInstanceOf(UnavailableException.class);
    }
    VarveClient plaintext = client(builder(node).deadline(Duration.ofSeconds(1)));
    assertThatThrownBy(plaintext::head).isInstanceOf(UnavailableException.class);
    assertThat(node.unaryCalls).hasValue(0);
  }

  @Test
  void aPlaintextNodeIsNotSpokenToInTheClear() {
    FakeNode node = secured(InsecureServerCredentials.create());
    VarveClient client =
        client(builder(node).tls(TlsOptions.trusting(certificate)).deadline(Duration.ofSeconds(1)));
    assertThatThrownBy(client::head).isInstanceOf(UnavailableException.class);
    assertThat(node.unaryCalls).hasValue(0);
  }
}
