package io.varve.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class IdentityOptionsTest {
  private final IdentityOptions options = IdentityOptions.keys(Path.of("keys.json"));

  @Test
  void unlessToldOtherwiseAClientSeesAndWritesOnlyItsOwn() {
    assertThat(options.selfRegistration()).isFalse();
    assertThat(options.createSigningKeys()).isFalse();
    assertThat(options.defaultGrants().read()).containsExactly("clients/{client}/");
    assertThat(options.defaultGrants().append()).containsExactly("clients/{client}/");
  }

  @Test
  void boundsAreSaid() {
    assertThatThrownBy(() -> options.withTokenLifetime(Duration.ofHours(25)))
        .hasMessageContaining("tokenLifetime must be 10 to 86400 whole seconds");
    assertThatThrownBy(() -> options.withTokenLifetime(Duration.ofMillis(10_500)))
        .hasMessageContaining("whole seconds");
    assertThatThrownBy(() -> options.withChallengeLifetime(Duration.ofSeconds(4)))
        .hasMessageContaining("challengeLifetime must be 5 to 600 whole seconds");
    for (String audience : List.of("", "a b", "\u00e4", "x".repeat(201))) {
      assertThatThrownBy(() -> options.withAudience(audience))
          .hasMessageContaining("audience must be 1 to 200 printable ASCII characters");
    }
    assertThatThrownBy(
            () ->
                new IdentityOptions(
                    IdentityMode.KEYS,
                    "varve",
                    Optional.empty(),
                    false,
                    Duration.ofMinutes(15),
                    Duration.ofMinutes(1),
                    false,
                    Grants.everything(),
                    SecureCookie.OVER_TLS))
        .hasMessageContaining("signingKeys must name a file")
        .hasMessageContaining("varve token keygen");
  }
}
