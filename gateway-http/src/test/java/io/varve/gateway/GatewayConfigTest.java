package io.varve.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.gateway.identity.IdentityOptions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GatewayConfigTest {
  private static final GatewayConfig CONFIG =
      GatewayConfig.of(List.of("127.0.0.1:9000"), IdentityOptions.open());

  @Test
  void theDefaultsAreClosed() {
    assertThat(CONFIG.listen().getAddress().isLoopbackAddress()).isTrue();
    assertThat(CONFIG.allowedOrigins()).isEmpty();
    assertThat(CONFIG.admin()).isEmpty();
    assertThat(CONFIG.tls()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*",
        "",
        "https://a.org/",
        "https://*.a.org/x",
        "a.org",
        "https://u@a.org",
        "https://*:*",
        "null"
      })
  void anOriginIsExact(String origin) {
    assertThatThrownBy(() -> CONFIG.withAllowedOrigins(Set.of(origin)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("allowedOrigins");
  }

  @Test
  void anyPortOfAHostCanBeMeant() {
    assertThat(CONFIG.withAllowedOrigins(Set.of("http://localhost:*")).allowedOrigins())
        .containsExactly("http://localhost:*");
  }

  @Test
  void whatCannotBeIsNamed() {
    assertThatThrownBy(() -> GatewayConfig.of(List.of(), IdentityOptions.open()))
        .hasMessageContaining("targets");
    assertThatThrownBy(() -> CONFIG.withAdmin(List.of("host"))).hasMessageContaining("admin");
    assertThatThrownBy(() -> CONFIG.withDrain(Duration.ofMinutes(2))).hasMessageContaining("drain");
    assertThatThrownBy(() -> CONFIG.withDeadline(Duration.ZERO)).hasMessageContaining("deadline");
    assertThatThrownBy(() -> CONFIG.limits().withWaiters(0)).hasMessageContaining("waiters");
  }

  @Test
  void eachSettingChangesOnlyItself() {
    GatewayConfig other =
        CONFIG
            .withAllowedOrigins(Set.of("https://a.org"))
            .withLog("l")
            .withClusterToken("t")
            .withDrain(Duration.ofSeconds(1));

    assertThat(other.allowedOrigins()).containsExactly("https://a.org");
    assertThat(other.log()).isEqualTo("l");
    assertThat(other.clusterToken()).contains("t");
    assertThat(other.drain()).isEqualTo(Duration.ofSeconds(1));
    assertThat(other.targets()).isEqualTo(CONFIG.targets());
    assertThat(other.limits()).isEqualTo(CONFIG.limits());
  }
}
