package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.gateway.Gateway;
import io.varve.gateway.TestCallers;
import io.varve.gateway.TestGateway;
import io.varve.gateway.TlsFiles;
import io.varve.testkit.EmbeddedVarve;
import io.varve.testkit.VarveTest;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@VarveTest
class TlsTest {
  private static final String PASSWORD = "changeit";

  @TempDir private Path directory;

  /** Makes a self-signed certificate for 127.0.0.1 with the JDK's own tool. */
  private KeyStore keyStore() throws Exception {
    Path store = directory.resolve("server.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "server",
                "-keyalg",
                "EC",
                "-dname",
                "CN=server",
                "-ext",
                "SAN=IP:127.0.0.1,DNS:localhost",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("keytool.log").toFile())
            .start();
    assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(keytool.exitValue()).isZero();
    return KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
  }

  private Path pem(String file, String kind, byte[] der) throws Exception {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    return Files.writeString(
        directory.resolve(file),
        "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n");
  }

  @Test
  void http2AndHttp1AreChosenWithinTls(EmbeddedVarve varve) throws Exception {
    KeyStore store = keyStore();
    TlsFiles files =
        new TlsFiles(
            pem("server.pem", "CERTIFICATE", store.getCertificate("server").getEncoded()),
            pem(
                "server.key",
                "PRIVATE KEY",
                store.getKey("server", PASSWORD.toCharArray()).getEncoded()));
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    trusted.setCertificateEntry("server", store.getCertificate("server"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);

    try (Gateway gateway =
        TestGateway.start(varve.target(), new TestCallers(), config -> config.withTls(files))) {
      assertThat(gateway.uri().getScheme()).isEqualTo("https");
      for (HttpClient.Version version : HttpClient.Version.values()) {
        HttpClient client = HttpClient.newBuilder().sslContext(context).version(version).build();

        HttpResponse<String> answer =
            client.send(
                HttpRequest.newBuilder(gateway.uri().resolve("/v1/head"))
                    .header("Authorization", "Bearer " + TestCallers.OPEN)
                    .build(),
                BodyHandlers.ofString());

        assertThat(answer.version()).isEqualTo(version);
        assertThat(answer.statusCode()).isEqualTo(200);
      }
    }
  }
}
