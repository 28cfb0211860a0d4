package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.gateway.GatewayConfig;
import io.varve.gateway.identity.SecureCookie;
import io.varve.node.config.ConfigKey;
import io.varve.testkit.FreePorts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/gateway.md against the keys that the reader of the file asks for, and its examples. */
class GatewayPageTest {

  private static final Path PAGE = Path.of("..", "docs", "gateway.md");
  private static final Pattern ROW =
      Pattern.compile(
          "(?m)^\\| `([A-Za-z.]+)` \\| `([A-Z_]+)` \\| (\\w+) \\| ([^|]*) \\| ([^|]*)\\|");
  private static final Path NGINX = Path.of("/usr/sbin/nginx");

  @TempDir Path directory;

  /** Where a range or a default is said in words, the reader has none to compare with. */
  private record Row(String key, String variable, String kind, String otherwise, String range) {}

  @Test
  void thePageAndTheReaderAgreeOnEveryKey() throws IOException {
    List<Row> documented = new ArrayList<>();
    for (Matcher row = ROW.matcher(Files.readString(PAGE)); row.find(); ) {
      documented.add(
          new Row(
              row.group(1),
              row.group(2),
              row.group(3),
              row.group(4).replace("`", "").strip(),
              row.group(5).strip()));
    }
    List<ConfigKey> keys = GatewayConfigFile.keys();

    assertThat(documented)
        .extracting(Row::key)
        .containsExactlyInAnyOrderElementsOf(keys.stream().map(ConfigKey::path).toList());
    for (ConfigKey key : keys) {
      Row row =
          documented.stream().filter(any -> any.key().equals(key.path())).findFirst().orElseThrow();
      assertThat(row.variable()).isEqualTo(key.variable());
      assertThat(row.kind()).as(key.path()).isEqualTo(key.kind());
      if (!key.defaultText().isEmpty()) {
        assertThat(row.otherwise()).as(key.path()).isEqualTo(key.defaultText());
      }
      if (!key.range().isEmpty()) {
        assertThat(row.range()).as(key.path()).isEqualTo(key.range());
      }
    }
  }

  @Test
  void everyVariableIsOfOneKey() {
    assertThat(GatewayConfigFile.keys())
        .extracting(ConfigKey::variable)
        .doesNotHaveDuplicates()
        .contains("VARVE_TARGETS", "VARVE_IDENTITY_SIGNING_KEYS");
  }

  @Test
  void thePagesExampleIsOne() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("gateway.yaml"), DocumentedCommands.blocks(PAGE, "yaml").get(0));

    GatewayConfig config = GatewayConfigFile.load(file, GatewayConfigFile.overrides());

    assertThat(config.targets()).hasSize(3);
    assertThat(config.admin()).hasSize(3);
    assertThat(config.identity().signingKeys()).contains(Path.of("/etc/varve/signing-keys.json"));
    assertThat(config.identity().secureCookie()).isEqualTo(SecureCookie.OVER_TLS_OR_FORWARDED);
  }

  /** Skipped where there is no nginx, unless {@code -Dvarve.nginx.required=true}. */
  @Test
  void nginxTakesThePagesExample() throws Exception {
    if (!Files.isExecutable(NGINX)) {
      assertThat(Boolean.getBoolean("varve.nginx.required")).as("there must be nginx").isFalse();
      Assumptions.abort("SKIPPED: there is no nginx here");
    }
    String example = DocumentedCommands.blocks(PAGE, "nginx").get(0);
    assertThat(example).contains("listen 80;");
    int port = FreePorts.next();
    Path file =
        Files.writeString(
            directory.resolve("nginx.conf"),
            """
            pid %1$s/nginx.pid;
            error_log stderr;
            events {}
            http {
              access_log off;
              client_body_temp_path %1$s/body;
              proxy_temp_path %1$s/proxy;
              fastcgi_temp_path %1$s/fastcgi;
              uwsgi_temp_path %1$s/uwsgi;
              scgi_temp_path %1$s/scgi;
            %2$s
            }
            """
                .formatted(
                    directory, example.replace("listen 80;", "listen 127.0.0.1:" + port + ";")));

    Process nginx =
        new ProcessBuilder(
                NGINX.toString(), "-t", "-p", directory.toString(), "-c", file.toString())
            .redirectErrorStream(true)
            .start();
    nginx.getOutputStream().close();
    String said = new String(nginx.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(nginx.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(nginx.exitValue()).as(said).isZero();
  }
}
